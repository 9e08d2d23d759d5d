import { describe, expect, it } from 'vitest';
import { followedOf, legacyRecordsOf } from '../../migration-faults/legacy.ts';
import { judge, type LedgerLine, type TheirSubscription } from '../../migration-faults/oracle.ts';
import { customerBehaviours, drawMigrationPlan, legacyKinds } from '../../migration-faults/plan.ts';

const dose = { seed: 11, subscriptions: 2_000, ratePerSecond: 8 };
const plan = drawMigrationPlan(dose);
const offers = { month: 'offer-m', year: 'offer-y', unmapped: 'offer-x' };
const nowMs = Date.parse('2027-03-31T12:00:00Z');
const records = plan.customers.map((customer) => legacyRecordsOf(customer, offers, nowMs));

describe('the plan of a run of faults over a migration', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(drawMigrationPlan(dose)).toEqual(plan);
    expect(drawMigrationPlan({ ...dose, seed: 12 }).customers).not.toEqual(plan.customers);
  });

  it('has every kind of subscription and of customer, and as many subscriptions as asked for', () => {
    expect(new Set(plan.customers.map(({ kind }) => kind))).toEqual(new Set(legacyKinds));
    expect(new Set(plan.customers.map(({ behaviour }) => behaviour))).toEqual(new Set(customerBehaviours));
    const ids = records.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => String(id)));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(dose.subscriptions);
    expect(ids.length).toBeLessThanOrEqual(dose.subscriptions + 1);
    expect(ids.every((id) => /^[0-9A-Za-z]{16}$/.test(id))).toBe(true);
  });

  it('kills every process, and loses the answers of what cannot be taken back', () => {
    expect(new Set(plan.kills.map(({ victim }) => victim))).toEqual(new Set(['worker', 'api', 'relay']));
    expect(plan.storms.some(({ fault }) => fault.operation === 'subscriptions.cancel')).toBe(true);
  });

  it('begins with books in which the oracle finds nothing', () => {
    const followed = plan.customers.flatMap((customer) => followedOf(customer, 'nothing', nowMs));
    const ledger = records.flatMap(({ payments }, at) =>
      payments.flatMap((payment, which): readonly LedgerLine[] =>
        payment['intervalStart'] === undefined || payment['status'] === 'FAILED' || payment['status'] === 'REFUNDED'
          ? []
          : [
              {
                ...{ provider: 'fungies', kind: 'charge', id: `${at}-${which}`, status: 'succeeded', charge: null },
                ...{ subscription: String(payment['subscriptionId']), amount_minor: 1, currency: 'USD', metadata: {} },
                period: {
                  start: new Date(Number(payment['intervalStart'])).toISOString(),
                  end: new Date(Number(payment['intervalEnd'])).toISOString(),
                },
              },
            ],
      ),
    );
    const subscriptions = records.flatMap(({ subscriptions: all }) =>
      all.map(({ id, status, cancelAtIntervalEnd }): TheirSubscription => ({
        ...{ provider: 'fungies', id: String(id), organizationId: null, status: String(status) },
        renews: status !== 'canceled' && cancelAtIntervalEnd !== true,
      })),
    );
    expect(judge({ oldProvider: 'fungies', followed, ledger, subscriptions, untilMs: nowMs })).toEqual([]);
  });
});
