import { describe, expect, it } from 'vitest';
import type { SubscriptionAbilities } from '../../../src/domain/routing/abilities.ts';
import { decideChange, decideUndoChange, isUpgrade } from '../../../src/domain/subscription/change-plan.ts';
import { nextChance, type OperationPlan } from '../../../src/domain/subscription/operation-plan.ts';
import { aSubscription, atOnce, aWish, everything, hourBefore, means, periodEnd } from './operations.ts';

const now = (proration: OperationPlan['proration']) => ({
  plan: { timing: 'now', method: 'provider', effectiveAt: null, proration },
});
const atEnd = (method: OperationPlan['method']) => ({
  plan: {
    ...{ timing: 'period_end', method, proration: 'none' },
    effectiveAt: method === 'provider' ? periodEnd : hourBefore,
  },
});
const refusal = (code: string, more: object = {}) => ({ refusal: expect.objectContaining({ code, ...more }) });

describe('an upgrade', () => {
  it.each([
    ['a dearer plan', aWish('enterprise'), true],
    ['a cheaper plan', aWish('starter'), false],
    ['more of the same', aWish('pro', { quantity: 2 }), true],
    ['more of something cheaper that is worth less', aWish('starter', { quantity: 3 }), false],
    ['a longer interval, though cheaper a month', aWish('proYearly'), true],
    ['the same worth', aWish('pro'), true],
  ])('is told by worth: %s', (_what, wish, expected) => {
    expect(isUpgrade(aSubscription(), wish)).toBe(expected);
  });

  it('is never a shorter interval, though dearer a month', () => {
    const yearly = aSubscription({ priceId: 'pro_yearly', unitAmountMinor: 29_000, billingInterval: 'yearly' });
    expect(isUpgrade(yearly, aWish('enterprise'))).toBe(false);
  });
});

describe('a change at a provider that can do all', () => {
  it.each([
    ['an upgrade comes now, charged at once', aWish('enterprise'), now('immediate')],
    ['a longer interval too', aWish('proYearly'), now('immediate')],
    ['a downgrade comes with the next period', aWish('starter'), atEnd('provider')],
    ['a downgrade comes now if asked for', aWish('starter', { when: 'now' }), now('immediate')],
    ['an upgrade waits if asked to', aWish('enterprise', { when: 'period_end' }), atEnd('provider')],
    ['a named proration is kept', aWish('enterprise', { proration: 'next_invoice' }), now('next_invoice')],
    ['more seats come now', aWish('pro', { quantity: 5 }), now('immediate')],
  ])('%s', (_what, wish, expected) => {
    expect(decideChange(aSubscription(), wish, means(everything))).toEqual(expected);
  });

  it('has nothing to prorate where two periods meet', () => {
    const wish = aWish('starter', { proration: 'immediate', when: 'period_end' });
    expect(decideChange(aSubscription(), wish, means(everything))).toEqual(
      refusal('not_supported_by_provider', { field: 'proration', possible: ['proration=none', 'when=now'] }),
    );
  });

  it('is done by the end of the trial where no period has begun', () => {
    const trialing = aSubscription({ status: 'trialing', currentPeriodEnd: null, trialEnd: periodEnd });
    expect(decideChange(trialing, aWish('starter'), means(everything))).toEqual(atEnd('provider'));
  });
});

describe('a change at a provider that does all at once', () => {
  const can = (more: Partial<SubscriptionAbilities> = {}) => means({ ...atOnce, ...more });

  it('comes now without proration, the nearest that it can', () => {
    expect(decideChange(aSubscription(), aWish('enterprise'), can())).toEqual(now('none'));
  });

  it('at the period’s end is made by us an hour before it', () => {
    expect(decideChange(aSubscription(), aWish('starter'), can())).toEqual(atEnd('ours'));
  });

  it('with a named proration that it lacks is refused, with what it can do', () => {
    expect(decideChange(aSubscription(), aWish('enterprise', { proration: 'immediate' }), can())).toEqual(
      refusal('not_supported_by_provider', { field: 'proration', possible: ['proration=none', 'when=period_end'] }),
    );
  });

  it('of a quantity that it lacks is refused, even beside a plan that it could change', () => {
    const wish = aWish('enterprise', { quantity: 3 });
    expect(decideChange(aSubscription(), wish, can())).toEqual(
      refusal('not_supported_by_provider', { field: 'quantity' }),
    );
  });

  it('cannot wait for an end that nobody knows', () => {
    const endless = aSubscription({ currentPeriodEnd: null });
    expect(decideChange(endless, aWish('starter'), can())).toEqual(
      refusal('not_supported_by_provider', { field: 'when', possible: ['when=now'] }),
    );
  });
});

describe('a change at a provider that changes nothing', () => {
  const none = { ...everything, change: { plan: [], interval: [], quantity: [] } };

  it('ends the old one and begins a new one, never both', () => {
    expect(decideChange(aSubscription(), aWish('enterprise', { when: 'period_end' }), means(none))).toEqual(
      atEnd('recreate'),
    );
    expect(decideChange(aSubscription(), aWish('enterprise'), means(none))).toEqual(atEnd('recreate'));
  });

  it('is not made now: the time that is paid for would be paid for twice', () => {
    expect(decideChange(aSubscription(), aWish('enterprise', { when: 'now' }), means(none))).toEqual(
      refusal('not_supported_by_provider', { field: 'when', possible: ['when=period_end'] }),
    );
  });

  it.each([
    ['begin one without a page', means(none, { canCreate: false })],
    ['end one before its period', means({ ...none, cancel: ['period_end'] })],
    ['anything', means(null)],
  ])('is refused where it cannot %s', (_what, can) => {
    expect(decideChange(aSubscription(), aWish('enterprise'), can)).toEqual(refusal('not_supported_by_provider'));
  });
});

describe('a change at a provider that waits only', () => {
  const later = { ...everything, change: { ...everything.change, plan: ['period_end'] as const } };

  it('comes with the next period though it is an upgrade', () => {
    expect(decideChange(aSubscription(), aWish('enterprise'), means(later))).toEqual(atEnd('provider'));
  });

  it('is refused now', () => {
    expect(decideChange(aSubscription(), aWish('enterprise', { when: 'now' }), means(later))).toEqual(
      refusal('not_supported_by_provider', { field: 'when', possible: ['when=period_end'] }),
    );
  });
});

describe('a plan that costs nothing', () => {
  it('takes the place of a paid one at the period’s end, without a provider', () => {
    expect(decideChange(aSubscription(), aWish('free'), means(everything))).toEqual(atEnd('recreate'));
  });

  it('takes its place now if asked for', () => {
    expect(decideChange(aSubscription(), aWish('free', { when: 'now' }), means(everything))).toEqual({
      plan: { timing: 'now', method: 'recreate', effectiveAt: null, proration: 'none' },
    });
  });

  const free = aSubscription({
    ...{ collection: 'none', planId: 'free', priceId: 'free_monthly', unitAmountMinor: 0, currentPeriodEnd: null },
  });
  it('becomes another such one at once', () => {
    const other = aWish('free', { planId: 'free2', priceId: 'free2_monthly' });
    expect(decideChange(free, other, means(null))).toEqual({
      plan: { timing: 'now', method: 'ours', effectiveAt: null, proration: 'none' },
    });
  });

  it('becomes a paid one by a checkout only', () => {
    expect(decideChange(free, aWish('pro'), means(null))).toEqual(refusal('checkout_required', { field: 'plan_id' }));
  });
});

describe('a plan that is paid by voucher', () => {
  const voucher = aSubscription({ collection: 'voucher' });

  it('changes before the next voucher is made out', () => {
    expect(decideChange(voucher, aWish('enterprise'), means(null))).toEqual({
      plan: { timing: 'period_end', method: 'ours', effectiveAt: '2027-03-26T10:00:00.000Z', proration: 'none' },
    });
  });

  it.each([
    ['now', aWish('enterprise', { when: 'now' }), {}, 'not_supported_by_provider'],
    ['with proration', aWish('enterprise', { proration: 'immediate' }), {}, 'not_supported_by_provider'],
    ['to a free one', aWish('free'), {}, 'checkout_required'],
    ['while the next one is out', aWish('enterprise'), { hasOpenVoucher: true }, 'voucher_issued'],
  ])('does not change %s', (_what, wish, more, code) => {
    expect(decideChange({ ...voucher, ...more }, wish, means(null))).toEqual(refusal(code));
  });
});

describe('no change', () => {
  it.each([
    ['without a difference', {}, aWish('pro'), 'nothing_to_change'],
    ['of one that has ended', { status: 'canceled' }, aWish('enterprise'), 'subscription_ended'],
    ['of one that lapsed', { status: 'expired' }, aWish('enterprise'), 'subscription_ended'],
    ['of one that has not begun', { status: 'incomplete' }, aWish('enterprise'), 'subscription_incomplete'],
    ['of one that is paused', { status: 'paused' }, aWish('enterprise'), 'subscription_paused'],
    ['of one that ends', { cancelAtPeriodEnd: true }, aWish('enterprise'), 'subscription_ending'],
    [
      'of one whose end waits with us',
      { waiting: { cancel: 'ours', pause: null, change: null } },
      aWish('starter'),
      'subscription_ending',
    ],
  ] as const)('%s', (_what, more, wish, code) => {
    expect(decideChange(aSubscription(more), wish, means(everything))).toEqual(refusal(code));
  });

  it('happens to a late payer’s freedom to change', () => {
    expect(decideChange(aSubscription({ status: 'past_due' }), aWish('starter'), means(everything))).toEqual(
      atEnd('provider'),
    );
  });
});

describe('a change that waits', () => {
  const waits = (method: 'provider' | 'ours', timing: 'now' | 'period_end' = 'period_end') =>
    aSubscription({ waiting: { cancel: null, pause: null, change: { method, timing } } });

  it('is taken back where it waits', () => {
    expect(decideUndoChange(waits('ours'), means(atOnce))).toMatchObject({ plan: { method: 'ours' } });
    expect(decideUndoChange(waits('provider'), means(everything))).toMatchObject({ plan: { method: 'provider' } });
  });

  it('stays where the provider keeps it, or its customer has the word', () => {
    expect(decideUndoChange(waits('provider'), means(everything, { canCancelChange: false }))).toEqual(
      refusal('not_supported_by_provider'),
    );
    expect(decideUndoChange(waits('ours', 'now'), means(everything))).toEqual(refusal('change_pending'));
    expect(decideUndoChange(aSubscription(), means(everything))).toEqual(refusal('nothing_to_change'));
  });
});

describe('the hour before a renewal', () => {
  const plan: OperationPlan = { timing: 'period_end', method: 'ours', effectiveAt: null, proration: 'none' };

  it('is in time while the period is the one it was set for', () => {
    expect(nextChance(aSubscription(), plan, hourBefore)).toBeNull();
  });

  it('that was missed comes again with the next period', () => {
    const renewed = aSubscription({ currentPeriodEnd: '2027-04-30T12:00:00.000Z' });
    expect(nextChance(renewed, plan, hourBefore)).toBe('2027-04-30T11:00:00.000Z');
  });

  it('is nothing to what was to be done at once', () => {
    expect(nextChance(aSubscription(), { ...plan, timing: 'now' }, '2027-01-01T00:00:00.000Z')).toBeNull();
  });
});
