import { WithStartWorkflowOperation } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettledSubscription } from '../../src/activities/settled-subscription.ts';
import {
  begunUpdate,
  billingQueue,
  providerFactsSignal,
  refundWorkflowId,
  stateQuery,
  subscriptionWorkflowId,
  whyQuery,
} from '../../src/workflows/messages.ts';
import type { SubscriptionActivities } from './support.ts';
import { iso } from './subscription-life.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

const clock = () => world.env.currentTimeMs();
let count = 0;

function aSettled(changes: Partial<SettledSubscription> = {}): SettledSubscription {
  const quiet = { status: 'incomplete', isOver: false, periodStart: null, next: null } as const;
  return { ...quiet, version: 1, because: 'acme says so', ...changes };
}
const ended = aSettled({ status: 'canceled', isOver: true, version: 99, because: 'ended' });

/** Begins one at `acme`; `bolt` has a queue of its own. */
async function begin() {
  const subscriptionId = `sub_back_${(count += 1)}`;
  const owner = { projectId: 'default', live: false, organizationId: 'org_1' };
  const input = { ...owner, subscriptionId, provider: 'acme', country: 'US', isDirect: true };
  const workflowId = subscriptionWorkflowId(subscriptionId);
  const startWorkflowOperation = new WithStartWorkflowOperation('subscription', {
    ...{ workflowId, taskQueue: billingQueue, args: [input], workflowIdConflictPolicy: 'USE_EXISTING' },
  });
  const answer = await world.env.client.workflow.executeUpdateWithStart(begunUpdate, {
    ...{ updateId: 'begun', startWorkflowOperation },
  });
  return { answer, handle: world.env.client.workflow.getHandle(workflowId) };
}

const atBoth = (acme: FakeActivities, bolt: FakeActivities, work: () => Promise<void>) =>
  world.withActivities(acme, () => world.withQueue('bolt', bolt, work));
const aFact = (id: string) => ({ id, type: 'subscription.created', kind: 'subscription', objectId: `psub_${id}` });

describe('a direct subscription that its provider does not begin', () => {
  it('is begun by the next one on that one’s queue, and answers only then', async () => {
    const asked: string[] = [];
    const acme: Partial<SubscriptionActivities> = {
      openSubscription: async () => {
        asked.push('acme');
        return aSettled({ opensAt: 'bolt', provider: 'bolt', because: 'acme did not begin it (unavailable)' });
      },
    };
    const bolt: Partial<SubscriptionActivities> = {
      openSubscription: async () => {
        asked.push('bolt');
        if (asked.length < 3) throw ApplicationFailure.create({ type: 'outcome_unknown', nextRetryDelay: '1s' });
        return aSettled({ status: 'active', version: 2, provider: 'bolt', because: 'begun at the provider' });
      },
    };
    const settleSubscription = async () => ended;
    await atBoth({ ...acme, settleSubscription }, bolt, async () => {
      const { answer, handle } = await begin();
      expect(answer).toEqual({ status: 'active' });
      expect(asked).toEqual(['acme', 'bolt', 'bolt']);
      expect(await handle.query(whyQuery)).toMatch(/acme did not begin it \(unavailable\)\n.*begun at the provider/);
      await handle.signal(providerFactsSignal, [aFact('1')]);
      expect(await handle.result()).toEqual({ status: 'canceled' });
    });
  });

  it('lives on while a provider that was left may have it, looks there, and has refunds made', async () => {
    const at = (await clock()) + 60_000;
    const lookedAt: number[] = [];
    const next = { kind: 'look_back', at: iso(at), changeId: null } as const;
    const refunded: string[] = [];
    const bolt: FakeActivities = {
      lookBack: async () => {
        lookedAt.push(await clock());
        return { ...ended, refunds: [{ id: `re_${count}`, provider: 'bolt' }] };
      },
      refundPayment: async ({ refundId }) => {
        refunded.push(refundId);
        return { status: 'succeeded', because: 'bolt says succeeded' };
      },
    };
    const openSubscription = async () => aSettled({ status: 'expired', isOver: false, next, left: 'bolt' });
    await atBoth({ openSubscription }, bolt, async () => {
      const { answer, handle } = await begin();
      expect(answer).toEqual({ status: 'expired' });
      expect(await handle.query(stateQuery)).toEqual({ status: 'expired', next: next.at, item: 'look_back' });
      expect(await handle.result()).toEqual({ status: 'canceled' });
      await world.env.client.workflow.getHandle(refundWorkflowId(`re_${count}`)).result();
      expect(refunded).toEqual([`re_${count}`]);
      expect(lookedAt[0]).toBeGreaterThanOrEqual(at);
    });
  });

  it('looks there at once when a webhook comes', async () => {
    const begun = await clock();
    const next = { kind: 'look_back', at: iso(begun + 1_800_000), changeId: null } as const;
    const waiting = aSettled({ status: 'active', next, left: 'bolt' });
    const lookedAt: number[] = [];
    const bolt: FakeActivities = {
      lookBack: async () => {
        lookedAt.push(await clock());
        return ended;
      },
    };
    const acme = { openSubscription: async () => waiting, settleSubscription: async () => waiting };
    await atBoth(acme, bolt, async () => {
      const { handle } = await begin();
      await handle.signal(providerFactsSignal, [aFact('1')]);
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(lookedAt).toHaveLength(1);
      expect((lookedAt[0] ?? Infinity) - begun).toBeLessThan(60_000);
    });
  });
});
