import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';
import type { GrantWork } from '../../src/domain/benefit.ts';
import type { carryOutGrant } from '../../src/workflows/carry-out-grant.ts';
import type { checkout } from '../../src/workflows/checkout.ts';
import {
  benefitGrantWorkflowId,
  billingQueue,
  checkoutWorkflowId,
  providerFactsSignal,
  whyQuery,
} from '../../src/workflows/messages.ts';
import { grantStart } from '../../src/workflows/start-options.ts';
import { aCheckout, startWorkflowWorld } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

type CarriedOut = Awaited<ReturnType<Activities['carryOutGrant']>>;
const waiting: CarriedOut = { status: 'pending', isDone: false, because: 'The account is not linked.' };
const granted: CarriedOut = { status: 'granted', isDone: true, because: 'granted by acme' };
let count = 0;

function aGrant(changes: Partial<GrantWork> = {}): GrantWork {
  return { grantId: `grant_${(count += 1)}`, version: 1, provider: 'acme', ...changes };
}

function start(grant: GrantWork) {
  const { name, ...options } = grantStart({ projectId: 'default', live: false, organizationId: 'org_1', ...grant });
  return world.env.client.workflow.start<typeof carryOutGrant>(name, options);
}

describe('carrying out a grant', () => {
  it.each(['acme', null])('is done at once where nobody else has to (%s)', async (provider) => {
    const asked: string[] = [];
    const fakes = {
      carryOutGrant: async ({ grantId }: { grantId: string }) => (asked.push(grantId), granted),
    };
    await world.withActivities(fakes, async () => {
      const grant = aGrant({ provider });
      expect(await (await start(grant)).result()).toEqual({ status: 'granted' });
      expect(asked).toEqual([grant.grantId]);
    });
  });

  it('looks for days until the customer has done their part, ever more seldom', async () => {
    const looks: number[] = [];
    const fakes = {
      carryOutGrant: async () => {
        looks.push(await world.env.currentTimeMs());
        return looks.length === 20 ? granted : waiting;
      },
    };
    await world.withActivities(fakes, async () => {
      const handle = await start(aGrant());
      expect(await handle.result()).toEqual({ status: 'granted' });
      expect(await handle.query(whyQuery)).toBe('granted by acme');
    });
    const gaps = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    expect(gaps[0]).toBeLessThan(10_000);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(6 * 3_600_000);
    expect((looks.at(-1) ?? 0) - (looks[0] ?? 0)).toBeGreaterThan(3 * 86_400_000);
  });

  it('goes on after the provider was away', async () => {
    let tries = 0;
    const fakes = {
      carryOutGrant: async () => {
        tries += 1;
        if (tries < 4) throw ApplicationFailure.retryable('away', 'provider_unreachable');
        return granted;
      },
    };
    await world.withActivities(fakes, async () => {
      expect(await (await start(aGrant())).result()).toEqual({ status: 'granted' });
      expect(tries).toBe(4);
    });
  });
});

describe('a checkout that was paid', () => {
  it('starts the grants of its order, each once, and does not wait for them', async () => {
    const grants = [aGrant(), aGrant({ provider: null })];
    const asked: string[] = [];
    const input = aCheckout();
    const opened = {
      ...{ status: 'open' as const, provider: 'acme', subscriptionId: null, left: [], lookGapsMs: [60_000] },
      endsAt: '2099-01-01T00:00:00Z',
    };
    const fakes = {
      openCheckout: async () => opened,
      settleCheckout: async () => ({
        ...{
          status: 'paid' as const,
          provider: 'acme',
          subscriptionId: null,
          endsAt: null,
          because: 'the provider says paid',
        },
        grants: [...grants, ...grants],
      }),
      carryOutGrant: async ({ grantId }: { grantId: string }) => (asked.push(grantId), granted),
    };
    await world.withActivities(fakes, async () => {
      const handle = await world.env.client.workflow.start<typeof checkout>('checkout', {
        ...{ workflowId: checkoutWorkflowId(input.checkoutId), taskQueue: billingQueue, args: [input] },
      });
      await handle.signal(providerFactsSignal, [{ id: 'evt_1', type: 'order.paid', kind: 'order', objectId: 'o_1' }]);
      expect(await handle.result()).toEqual({ status: 'paid' });
      for (const { grantId, version } of grants)
        await world.env.client.workflow.getHandle(benefitGrantWorkflowId(grantId, String(version))).result();
      expect(asked.toSorted()).toEqual(grants.map(({ grantId }) => grantId).toSorted());
    });
  });
});
