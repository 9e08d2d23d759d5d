import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';
import { billingQueue, providerFactsSignal, subscriptionWorkflowId } from '../../src/workflows/messages.ts';
import type { subscription } from '../../src/workflows/subscription.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

type Settled = Awaited<ReturnType<Activities['settleSubscription']>>;
const monthMs = 31 * 86_400_000;
let count = 0;

async function start() {
  const subscriptionId = `sub_${(count += 1)}`;
  return world.env.client.workflow.start<typeof subscription>('subscription', {
    workflowId: subscriptionWorkflowId(subscriptionId),
    taskQueue: billingQueue,
    args: [
      { projectId: 'default', live: false, organizationId: 'org_1', subscriptionId, provider: 'acme', country: 'US' },
    ],
  });
}

/** A provider that renews every month until it says otherwise. */
function renewing(endAfter: number): FakeActivities & { readonly looks: () => number } {
  let looks = 0;
  return {
    looks: () => looks,
    settleSubscription: async (): Promise<Settled> => {
      looks += 1;
      const now = await world.env.currentTimeMs();
      const isOver = looks > endAfter;
      return {
        status: isOver ? 'canceled' : 'active',
        isOver,
        version: looks,
        periodStart: new Date(now - (now % monthMs)).toISOString(),
        next: isOver
          ? null
          : { kind: 'look', at: new Date(now - (now % monthMs) + monthMs + 1).toISOString(), changeId: null },
        because: 'acme says so',
      };
    },
  };
}

describe('subscription', () => {
  it('looks when each period ends, for years, continuing as new', async () => {
    const { looks, ...fakes } = renewing(36);
    await world.withActivities(fakes, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(looks()).toBe(37);
      const history = await handle.fetchHistory();
      expect(history.events?.length).toBeLessThan(60);
    });
  });

  it('looks when a webhook comes, once per event however often it is told', async () => {
    const { looks, ...fakes } = renewing(2);
    await world.withActivities(fakes, async () => {
      const handle = await start();
      await expect.poll(looks).toBe(1);
      const fact = { id: 'evt_1', type: 'subscription.updated', kind: 'subscription', objectId: 's' };
      await handle.signal(providerFactsSignal, [fact, fact]);
      await expect.poll(looks).toBe(2);
      await handle.signal(providerFactsSignal, [fact]);
      await handle.signal(providerFactsSignal, [{ ...fact, id: 'evt_2' }]);
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(looks()).toBe(3);
    });
  });
});
