import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { providerFactsSignal, strayStateQuery, type StrayInput } from '../../src/workflows/messages.ts';
import { strayStart } from '../../src/workflows/start-options.ts';
import type { resolveStray } from '../../src/workflows/resolve-stray.ts';
import { aLook, startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;

function aStray(changes: Partial<StrayInput> = {}): StrayInput {
  count += 1;
  return {
    ...{ projectId: 'default', live: false, organizationId: 'org_1', checkoutId: `chk_stray_${count}` },
    ...{ provider: 'acme', country: 'US', ...changes },
  };
}

async function start(input: StrayInput) {
  return world.env.client.workflow.start<typeof resolveStray>('resolveStray', strayStart(input));
}

const minuteMs = 60_000;
const aFact = { id: 'evt_1', type: 'order.paid', kind: 'order', objectId: 'o_1' };

describe('a session that may exist', () => {
  it('is looked for once the lost call must have ended, and again as the look says', async () => {
    const at: number[] = [];
    const fakes: FakeActivities = {
      resolveStray: async ({ looks }) => {
        at.push(await world.env.currentTimeMs());
        return looks < 2 ? aLook({ lookAgainMs: 15_000 }) : aLook({ status: 'absent' });
      },
    };
    await world.withActivities(fakes, async () => {
      const begun = await world.env.currentTimeMs();
      expect(await (await start(aStray())).result()).toEqual({ status: 'absent' });
      const after = at.map((time) => Math.round((time - begun) / 1_000));
      expect(after).toHaveLength(3);
      expect(after[0]).toBeGreaterThanOrEqual(10);
      expect(after[2]).toBeGreaterThanOrEqual(40);
      expect(after[2]).toBeLessThan(120);
    });
  });

  it('is looked for at once when a webhook tells of it', async () => {
    const disputes: (readonly string[] | undefined)[] = [];
    let lookedAt = 0;
    const fakes: FakeActivities = {
      resolveStray: async ({ disputeIds }) => {
        disputes.push(disputeIds);
        lookedAt = await world.env.currentTimeMs();
        return disputes.length === 1 ? aLook({ lookAgainMs: 60 * minuteMs }) : aLook({ status: 'ended' });
      },
    };
    await world.withActivities(fakes, async () => {
      const handle = await start(aStray());
      await handle.signal(providerFactsSignal, [{ ...aFact, kind: 'dispute', objectId: 'dp_1' }]);
      const waits = async () => disputes.length === 1 && (await handle.query(strayStateQuery)).next !== null;
      await expect.poll(waits, { timeout: 20_000 }).toBe(true);
      const before = await world.env.currentTimeMs();
      await handle.signal(providerFactsSignal, [aFact]);
      expect(await handle.result()).toEqual({ status: 'ended' });
      expect(lookedAt - before).toBeLessThan(50 * minuteMs);
      expect(disputes).toEqual([['dp_1'], []]);
    });
  });

  it('is asked about for as long as its life may last, however long its provider is away', async () => {
    let looks = 0;
    let isBack = false;
    const fakes: FakeActivities = {
      resolveStray: async () => {
        looks += 1;
        if (!isBack) throw ApplicationFailure.nonRetryable('away', 'provider_unreachable');
        return aLook({ status: 'ended' });
      },
      giveUpStray: async () => {
        isBack = looks >= 9; // hours later
        return { isOver: false };
      },
    };
    await world.withActivities(fakes, async () => {
      const before = await world.env.currentTimeMs();
      expect(await (await start(aStray())).result()).toEqual({ status: 'ended' });
      expect((await world.env.currentTimeMs()) - before).toBeGreaterThan(3 * 60 * minuteMs);
    });
  });

  it('is given up only when its life is over', async () => {
    const told: string[] = [];
    const fakes: FakeActivities = {
      resolveStray: async () => {
        throw ApplicationFailure.nonRetryable('away', 'provider_unreachable');
      },
      giveUpStray: async ({ because }) => {
        told.push(because);
        return { isOver: told.length === 3 };
      },
    };
    await world.withActivities(fakes, async () => {
      expect(await (await start(aStray())).result()).toEqual({ status: 'unknown' });
      expect(told).toHaveLength(3);
      expect(told[0]).toContain('away');
    });
  });

  it('that was paid wakes its checkout, sends money back, and has the page left behind looked after', async () => {
    const looked: string[] = [];
    const refunded: string[] = [];
    const fakes: FakeActivities = {
      resolveStray: async ({ provider, looks }) => {
        looked.push(provider);
        if (provider === 'other') return aLook({ status: 'ended' });
        if (looks > 0) return aLook({ status: 'refunded' });
        return aLook({
          ...{ status: 'paid', hasMoved: true, others: ['other'], refundId: `re_${count}`, lookAgainMs: minuteMs },
        });
      },
      refundPayment: async ({ refundId }) => {
        refunded.push(refundId);
        return { status: 'succeeded', because: 'done' };
      },
    };
    await world.withActivities(fakes, async () => {
      const input = aStray();
      await world.withQueue('other', fakes, async () => {
        const handle = await start(input); // its checkout has ended: nobody hears
        expect(await handle.result()).toEqual({ status: 'refunded' });
        expect(refunded).toEqual([`re_${count}`]);
        const other = world.env.client.workflow.getHandle(strayStart({ ...input, provider: 'other' }).workflowId);
        expect(await other.result()).toEqual({ status: 'ended' });
      });
      expect(looked.filter((provider) => provider === 'other')).toEqual(['other']);
    });
  });
});
