import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherEvidence } from '../../src/activities/gather-evidence.ts';
import type { MigrationItem } from '../../src/db/entities/migration.ts';
import { addDays } from '../../src/domain/calendar/calendar.ts';
import { coverPeriods } from '../../src/domain/migration/proof.ts';
import type { SubscriptionTruth } from '../../src/domain/subscription/truth.ts';
import { everything, providersWith, subscribe } from './sales.ts';
import { createWorld, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** As the inventory would have found it. */
function anItem(truth: SubscriptionTruth): MigrationItem {
  const { providerSubscriptionId, currentPeriodStart: periodStart, currentPeriodEnd: paidThrough } = truth;
  const providerCustomerId = truth.providerCustomerId ?? '';
  const nothing = { code: null, because: null, checkoutId: null, newProvider: null, newSubscriptionId: null };
  const never = { paidThrough: null, linkHash: null, notifiedAt: null, deadlineAt: null, movedAt: null };
  const nor = { cancelingAt: null, canceledAt: null, firstChargeAt: null, firstPaymentId: null, finishedAt: null };
  return {
    ...{ ...nothing, ...never, ...nor, id: 'mi_1', migrationId: 'mig_1', projectId: 'p', live: false },
    ...{ organizationId: 'o', providerSubscriptionId, providerCustomerId, subscriptionId: null, plan: null },
    ...{ state: 'kept', remindersSent: 0, version: 1, createdAt: new Date(), updatedAt: new Date() },
    legacy: {
      ...{ providerSubscriptionId, providerCustomerId, status: truth.status, offerId: null, quantity: 1 },
      ...{ amountMinor: null, currency: null, interval: 'month', periodStart, paidThrough, cancelAtPeriodEnd: false },
    },
  };
}

describe.each(providersWith('subscriptions.get', 'invoices.list'))(
  'three months of a subscription at %s',
  (provider) => {
    it('are covered by one charge each, as the provider tells it', async () => {
      const { account, subscription, ref } = await subscribe(world, provider);
      await world.control('POST', 'clock', { advance: 'P1M' });
      await world.control('POST', 'clock', { advance: 'P1M' });
      const now = await account.client.subscriptions?.get(ref);
      const start = subscription.currentPeriodStart ?? '';
      const asOf = addDays(now?.currentPeriodStart ?? '', 2);
      const { subscriptions, unread } = await gatherEvidence({
        ...{ item: anItem(subscription), fromProvider: provider, rows: [], from: start, isLast: false },
        ...{ clientOf: async () => account.client, patiently: (call) => call() },
      });
      expect(unread).toEqual([]);
      const rules = { from: start, asOf, toleranceMinutes: 60, handoverSeconds: 60, graceMinutes: 60 };
      const { periods, verdict } = coverPeriods(subscriptions, rules);
      expect({ verdict, states: periods.map(({ state }) => state) }).toEqual({
        verdict: 'charged',
        states: ['charged', 'charged', 'charged'],
      });
      expect(new Set(periods.flatMap(({ chargeIds }) => chargeIds)).size).toBe(3);
      expect(periods.slice(1).map((period) => period.start)).toEqual(periods.slice(0, -1).map((period) => period.end));
    });
  },
);

describe.each(providersWith('archive.list'))('the account at %s', (provider) => {
  it('is read out whole, each record as the provider gives it', async () => {
    const { account, ref } = await subscribe(world, provider);
    const { archive } = account.client;
    const sections = archive?.sections() ?? [];
    const read = await Promise.all(
      sections.map(async (section) => {
        const found = await everything(async (query) => {
          const none = { items: [], nextCursor: null };
          return (await archive?.list({ section, ...query })) ?? none;
        }, 100);
        return [section, found] as const;
      }),
    );
    const ids = Object.fromEntries(read.map(([section, found]) => [section, found.map(({ id }) => id)]));
    expect(ids).toMatchObject({
      subscriptions: expect.arrayContaining([ref.providerSubscriptionId]),
      users: expect.arrayContaining([ref.providerCustomerId]),
    });
    expect(JSON.stringify(read)).toContain('@');
    for (const section of ['payments', 'orders', 'offers', 'products']) expect(ids[section]).not.toEqual([]);
  });
});
