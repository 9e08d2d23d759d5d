import { describe, expect, it } from 'vitest';
import { graceFrom, nextReminderAt, remindersDue } from '../../../src/domain/subscription/dunning.ts';
import { defaultLifecyclePolicy } from '../../../src/domain/subscription/lifecycle-policy.ts';
import { differenceBetween, eventsBetween, type SubscriptionLife } from '../../../src/domain/subscription/news.ts';

const january: SubscriptionLife = {
  ...{ status: 'active', planId: 'plan_pro', priceId: 'price_1', billingInterval: 'monthly', quantity: 1 },
  ...{ amountMinor: 2900, currency: 'USD', trialEnd: null, cancelAtPeriodEnd: false, cancelAt: null },
  ...{ canceledAt: null, endedAt: null, pausedAt: null, resumesAt: null, graceEndsAt: null },
  ...{ currentPeriodStart: '2026-01-01T00:00:00.000Z', currentPeriodEnd: '2026-02-01T00:00:00.000Z' },
};
const february = { currentPeriodStart: '2026-02-01T00:00:00.000Z', currentPeriodEnd: '2026-03-01T00:00:00.000Z' };
const told = (after: Partial<SubscriptionLife>, before: Partial<SubscriptionLife> = {}) =>
  eventsBetween({ ...january, ...before }, { ...january, ...before, ...after }).map(({ type }) =>
    type.replace('subscription.', ''),
  );

describe('what the app is told', () => {
  it.each<[string, Partial<SubscriptionLife>, Partial<SubscriptionLife>, string[]]>([
    ['nothing when nothing changed', {}, {}, []],
    ['a renewal', {}, february, ['renewed']],
    [
      'a renewal after a late payment',
      { status: 'past_due' },
      { status: 'active', ...february },
      ['recovered', 'renewed'],
    ],
    ['no renewal while it is unpaid', {}, { status: 'past_due', ...february }, ['past_due']],
    ['a first period that follows a trial', { status: 'trialing' }, { status: 'active', ...february }, ['activated']],
    [
      'a change of interval, which begins a period early',
      {},
      { billingInterval: 'yearly', currentPeriodStart: '2026-01-15T00:00:00.000Z' },
      ['changed'],
    ],
    ['another quantity with the renewal', {}, { quantity: 2, ...february }, ['renewed', 'changed']],
    ['an end that is scheduled', {}, { cancelAtPeriodEnd: true }, ['cancel_scheduled']],
    ['an end that is taken back', { cancelAt: january.currentPeriodEnd }, { cancelAt: null }, ['cancel_undone']],
    [
      'an end, and nothing of its schedule',
      { cancelAtPeriodEnd: true },
      { status: 'canceled', cancelAtPeriodEnd: false },
      ['canceled'],
    ],
    ['a date that moved', {}, { trialEnd: '2026-01-20T00:00:00.000Z' }, ['updated']],
  ])('%s', (_what, before, after, events) => expect(told(after, before)).toEqual(events));

  it('has the period for its cause when it renews, so that it is told once', () => {
    expect(eventsBetween(january, { ...january, ...february })).toEqual([
      { type: 'subscription.renewed', cause: february.currentPeriodStart },
    ]);
  });

  it('differs in exactly what differs', () => {
    expect(differenceBetween(january, january)).toBeNull();
    expect(differenceBetween(january, { ...january, quantity: 4 })).toEqual({
      before: { quantity: 1 },
      after: { quantity: 4 },
    });
  });
});

describe('dunning', () => {
  const grace = graceFrom('2026-01-01T00:00:00.000Z', defaultLifecyclePolicy);

  it('gives the days of the policy and reminds on the days of the policy', () => {
    expect(grace.graceEndsAt).toBe('2026-01-15T00:00:00.000Z');
    const days = [0, 1, 2, 3, 4].map(
      (sent) => nextReminderAt(grace, sent, defaultLifecyclePolicy)?.slice(0, 10) ?? null,
    );
    expect(days).toEqual(['2026-01-01', '2026-01-04', '2026-01-08', '2026-01-13', null]);
  });

  it('sends what an outage skipped as one, and nothing after the grace', () => {
    expect(remindersDue(grace, defaultLifecyclePolicy, Date.parse('2026-01-09'))).toBe(3);
    const long = { reminderDays: [0, 20] };
    expect(nextReminderAt(grace, 1, long)).toBeNull();
  });
});
