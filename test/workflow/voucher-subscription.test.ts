import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { defaultLifecyclePolicy } from '../../src/domain/subscription/lifecycle-policy.ts';
import {
  begunUpdate,
  billingQueue,
  stateQuery,
  subscriptionWorkflowId,
  whyQuery,
  type SubscriptionInput,
} from '../../src/workflows/messages.ts';
import type { subscription } from '../../src/workflows/subscription.ts';
import { dayMs, iso } from './subscription-life.ts';
import { startWorkflowWorld } from './support.ts';
import { aVoucherLife } from './voucher-life.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

const clock = () => world.env.currentTimeMs();
const hourMs = 3_600_000;
let count = 0;

/** As the API begins one. */
async function begin() {
  const subscriptionId = `sub_voucher_${(count += 1)}`;
  const owner = { projectId: 'default', live: false, organizationId: 'org_1' };
  const input: SubscriptionInput = { ...owner, subscriptionId, provider: 'acme', country: 'MX', isDirect: true };
  const workflowId = subscriptionWorkflowId(subscriptionId);
  const startWorkflowOperation = new WithStartWorkflowOperation<typeof subscription>('subscription', {
    ...{ workflowId, taskQueue: billingQueue, args: [input] },
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const options = { updateId: 'begun', startWorkflowOperation };
  const begun = await world.env.client.workflow.executeUpdateWithStart(begunUpdate, options);
  return { begun, handle: world.env.client.workflow.getHandle<typeof subscription>(workflowId) };
}

describe('a subscription that is paid in cash, without a single webhook', () => {
  it('has a voucher ahead of each period, and ends after the grace of the one that nobody pays', async () => {
    // Each is paid two days after it was issued; the fourth never is.
    const life = aVoucherLife(clock, (nth) => (nth < 3 ? 2 : null));
    await world.withActivities(life.activities, async () => {
      const { begun, handle } = await begin();
      expect(begun).toEqual({ status: 'incomplete' });
      expect(await handle.query(stateQuery)).toMatchObject({ status: 'incomplete', item: 'look' });
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(await handle.query(whyQuery)).toMatch(/\*\*past_due\*\*[^]*\*\*canceled\*\*/);
      // A run for each period: no history grows with the years.
      const events = (await handle.fetchHistory()).events ?? [];
      expect(events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId).toMatch(/./);
      expect(events.length).toBeLessThan(150);
    });
    expect(life.told.map(({ what }) => what)).toEqual([
      ...['voucher_issued', 'activated', 'voucher_issued', 'renewed', 'voucher_issued', 'renewed', 'voucher_issued'],
      ...['past_due', 'payment_reminder', 'payment_reminder', 'payment_reminder', 'payment_reminder'],
      ...['canceled', 'grace_ended'],
    ]);
    const ahead = life.issued.slice(1).map(({ at, from }) => Math.round((Date.parse(from) - at) / dayMs));
    expect(ahead).toEqual(Array(3).fill(defaultLifecyclePolicy.voucherLeadDays));
    expect(life.openVouchers()).toEqual([]);
    const [, , , last] = life.issued;
    const dayOfGrace = (at: number) => Math.floor((at - Date.parse(last?.from ?? '')) / dayMs);
    const late = life.told.filter(({ what }) => what === 'payment_reminder' || what === 'grace_ended');
    expect(late.map(({ at }) => dayOfGrace(at))).toEqual([0, 3, 7, 12, 14]);
  }, 60_000);

  it('recovers when its voucher is paid in the grace, and keeps its day of the month', async () => {
    // The second is issued five days ahead and paid eight days late.
    const life = aVoucherLife(clock, (nth) => [1, 13][nth] ?? null);
    await world.withActivities(life.activities, async () => {
      expect(await (await begin()).handle.result()).toEqual({ status: 'canceled' });
    });
    const what = life.told.map((each) => each.what);
    expect(what.slice(3, 8)).toEqual(['past_due', ...Array<string>(3).fill('payment_reminder'), 'recovered']);
    expect(what.filter((each) => each === 'past_due')).toHaveLength(2);
    const [, second, third] = life.issued.map(({ from }) => new Date(from));
    expect(third?.getUTCHours()).toBe(second?.getUTCHours());
    expect((third?.getTime() ?? 0) - (second?.getTime() ?? 0)).toBeLessThanOrEqual(31 * dayMs);
  }, 60_000);

  it('never begins when its first voucher lapses unpaid', async () => {
    const life = aVoucherLife(clock, () => null);
    const beginMs = await clock();
    await world.withActivities(life.activities, async () => {
      expect(await (await begin()).handle.result()).toEqual({ status: 'expired' });
    });
    expect(life.told.map(({ what }) => what)).toEqual(['voucher_issued', 'expired']);
    expect(life.issued).toHaveLength(1);
    // A shop may tell of money an hour after the voucher has lapsed.
    const lapsed = Date.parse(life.issued[0]?.expiresAt ?? iso(beginMs));
    expect((life.told[1]?.at ?? 0) - lapsed).toBeGreaterThanOrEqual(hourMs);
  });
});
