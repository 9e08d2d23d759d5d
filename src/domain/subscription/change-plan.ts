import type { BillingInterval } from '../catalogue.ts';
import type { SubscriptionAbilities } from '../routing/abilities.ts';
import type { ProrationMode } from './change.ts';
import type { OperationTiming } from './operation.ts';
import {
  aheadOfRenewalMs,
  before,
  noProvider,
  periodEndOf,
  refuse,
  refuseUnlessLiving,
  type Decision,
  type Means,
  type PresentSubscription,
} from './operation-plan.ts';

/** What a subscription shall be, with nothing left open. */
export interface ChangeWish {
  readonly planId: string;
  readonly priceId: string;
  readonly unitAmountMinor: number;
  readonly billingInterval: BillingInterval;
  readonly quantity: number;
  /** null: now for an upgrade, else with the next period. */
  readonly when: OperationTiming | null;
  /** null: the first of `immediate`, `next_invoice`, `none` that the provider can do. */
  readonly proration: ProrationMode | null;
}

type Worth = Pick<ChangeWish, 'unitAmountMinor' | 'billingInterval' | 'quantity'>;

const monthsOf = { monthly: 1, yearly: 12 } satisfies Record<BillingInterval, number>;
const dayMs = 86_400_000;

/**
 * Whether more is bought than before: a longer interval always is, a shorter one never; else the price per month times
 * the quantity decides, and equal worth counts as an upgrade, for nothing is lost by having it now.
 */
export function isUpgrade(from: Worth, to: Worth): boolean {
  const longer = monthsOf[to.billingInterval] - monthsOf[from.billingInterval];
  if (longer !== 0) return longer > 0;
  return to.unitAmountMinor * to.quantity >= from.unitAmountMinor * from.quantity;
}

/** How a change of plan, interval or quantity is done, or why not. */
export function decideChange(now: PresentSubscription, wish: ChangeWish, means: Means): Decision {
  const unfit = refuseUnlessLiving(now) ?? refuseChange(now, wish);
  if (unfit) return unfit;
  switch (now.collection) {
    case 'none':
      return wish.unitAmountMinor > 0
        ? refuse('checkout_required', 'Nothing is on file to pay with: buy this plan by a checkout.', {
            field: 'plan_id',
          })
        : { plan: { timing: 'now', method: 'ours', effectiveAt: null, proration: 'none' } };
    case 'voucher':
      return decideForVoucher(now, wish);
    case 'provider':
      return decideAtProvider(now, wish, means);
  }
}

function refuseChange(now: PresentSubscription, wish: ChangeWish) {
  if (changesOf(now, wish).length === 0)
    return refuse(
      'nothing_to_change',
      'The subscription is what is asked for: plan, interval and quantity are the same.',
    );
  if (now.cancelAtPeriodEnd || now.waiting.cancel !== null)
    return refuse('subscription_ending', 'The subscription is going to end; undo that first, with resume.');
  if (now.status === 'paused')
    return refuse('subscription_paused', 'The subscription is paused; end the pause first, with resume.');
  return null;
}

/** Before the next voucher is made out, so that it says the new price. Nothing is settled for the period paid already. */
function decideForVoucher(now: PresentSubscription, wish: ChangeWish): Decision {
  const end = periodEndOf(now);
  if (wish.unitAmountMinor === 0)
    return refuse('checkout_required', 'Cancel it, and take the free plan by a checkout once it has ended.', {
      field: 'plan_id',
    });
  if (wish.when === 'now' || end === null)
    return refuse('not_supported_by_provider', 'A plan paid by voucher changes with the next voucher only.', {
      ...{ field: 'when', possible: ['when=period_end'] },
    });
  if (wish.proration !== null && wish.proration !== 'none')
    return refuse('not_supported_by_provider', 'Nothing can be charged between two vouchers.', {
      ...{ field: 'proration', possible: ['proration=none'] },
    });
  if (now.hasOpenVoucher)
    return refuse('voucher_issued', "The next period's voucher is out already; change the plan once it is paid.");
  // An hour more, for a day of the calendar may have 25.
  const effectiveAt = before(end, now.voucherLeadDays * dayMs + 2 * aheadOfRenewalMs);
  return { plan: { timing: 'period_end', method: 'ours', effectiveAt, proration: 'none' } };
}

function decideAtProvider(now: PresentSubscription, wish: ChangeWish, means: Means): Decision {
  const { abilities } = means;
  if (abilities === null) return noProvider();
  // No provider collects nothing: what costs nothing lives with us.
  if (wish.unitAmountMinor === 0) return decideRecreate(now, wish, abilities, { isFree: true });
  const dimensions = changesOf(now, wish);
  const possible = (['now', 'period_end'] as const).filter((when) =>
    dimensions.every((dimension) => abilities.change[dimension].includes(when)),
  );
  if (possible.length === 0) {
    const missing = dimensions.find((dimension) => abilities.change[dimension].length === 0) ?? 'plan';
    if (means.canCreate && missing !== 'quantity') return decideRecreate(now, wish, abilities, { isFree: false });
    return refuse('not_supported_by_provider', `The provider cannot change the ${missing} of a subscription.`, {
      field: missing === 'plan' ? 'plan_id' : missing === 'interval' ? 'billing_interval' : 'quantity',
    });
  }
  const preferred = wish.when ?? (isUpgrade(now, wish) ? 'now' : 'period_end');
  const timing = wish.when === null && preferred === 'now' && !possible.includes('now') ? 'period_end' : preferred;
  if (timing === 'period_end')
    return decideAtPeriodEnd(now, wish, possible.includes('period_end') ? 'provider' : 'ours');
  if (!possible.includes('now'))
    return refuse('not_supported_by_provider', 'The provider makes this change with the next period only.', {
      ...{ field: 'when', possible: ['when=period_end'] },
    });
  return decideProration(wish, abilities);
}

/** Nothing is settled where two periods meet. */
function decideAtPeriodEnd(now: PresentSubscription, wish: ChangeWish, method: 'provider' | 'ours'): Decision {
  const unfit = refuseProrationAtEnd(wish);
  if (unfit) return unfit;
  const end = periodEndOf(now);
  if (end === null)
    return refuse('not_supported_by_provider', 'The provider does not say when the period ends.', {
      ...{ field: 'when', possible: ['when=now'] },
    });
  const effectiveAt = method === 'provider' ? end : before(end, aheadOfRenewalMs);
  return { plan: { timing: 'period_end', method, effectiveAt, proration: 'none' } };
}

function refuseProrationAtEnd(wish: ChangeWish) {
  if (wish.proration === null || wish.proration === 'none') return null;
  return refuse('not_supported_by_provider', "There is nothing to prorate at the period's end.", {
    ...{ field: 'proration', possible: ['proration=none', 'when=now'] },
  });
}

const nearest: readonly ProrationMode[] = ['immediate', 'next_invoice', 'none'];

/** A named mode is done as named or not at all: the nearest would charge another sum, or at another time. */
function decideProration(wish: ChangeWish, abilities: SubscriptionAbilities): Decision {
  const possible = nearest.filter((mode) => abilities.proration.includes(mode));
  const proration = wish.proration ?? possible[0] ?? 'none';
  if (!possible.includes(proration))
    return refuse('not_supported_by_provider', `The provider cannot change a plan now with proration ${proration}.`, {
      ...{ field: 'proration', possible: [...possible.map((mode) => `proration=${mode}`), 'when=period_end'] },
    });
  return { plan: { timing: 'now', method: 'provider', effectiveAt: null, proration } };
}

/**
 * The old one is ended before the new one begins, an hour before the period ends, so that never both live. A new one
 * that costs something is charged from the period's end on; it would be charged twice if it began sooner.
 */
function decideRecreate(
  now: PresentSubscription,
  wish: ChangeWish,
  abilities: SubscriptionAbilities,
  { isFree }: { readonly isFree: boolean },
): Decision {
  if (!abilities.cancel.includes('now'))
    return refuse('not_supported_by_provider', 'The provider can neither change nor replace this subscription.');
  const unfit = refuseProrationAtEnd(wish);
  if (unfit) return unfit;
  const end = periodEndOf(now);
  if (wish.when === 'now' && isFree)
    return { plan: { timing: 'now', method: 'recreate', effectiveAt: null, proration: 'none' } };
  if (wish.when === 'now' || end === null)
    return refuse('not_supported_by_provider', 'The provider can only replace the subscription, at its period’s end.', {
      ...{ field: 'when', possible: ['when=period_end'] },
    });
  const effectiveAt = before(end, aheadOfRenewalMs);
  return { plan: { timing: 'period_end', method: 'recreate', effectiveAt, proration: 'none' } };
}

type Dimension = keyof SubscriptionAbilities['change'];

/** What differs, in the words of the abilities. */
function changesOf(now: PresentSubscription, wish: ChangeWish): readonly Dimension[] {
  const isOtherPlan = now.planId !== wish.planId;
  const isOtherInterval = now.billingInterval !== wish.billingInterval;
  const isOtherPrice = now.priceId !== wish.priceId && !isOtherPlan && !isOtherInterval;
  return [
    ...(isOtherPlan || isOtherPrice ? (['plan'] as const) : []),
    ...(isOtherInterval ? (['interval'] as const) : []),
    ...(now.quantity === wish.quantity ? [] : (['quantity'] as const)),
  ];
}

/** How a change that waits is taken back. */
export function decideUndoChange(now: PresentSubscription, means: Means): Decision {
  const unfit = refuseUnlessLiving(now);
  if (unfit) return unfit;
  const { change } = now.waiting;
  if (change === null) return refuse('nothing_to_change', 'No change waits.');
  if (change.timing === 'now')
    return refuse('change_pending', 'The change waits for the customer to confirm a payment; it lapses within a day.');
  if (change.method === 'provider' && !means.canCancelChange)
    return refuse('not_supported_by_provider', 'The provider does not take back a change once it is scheduled.');
  return { plan: { timing: 'now', method: change.method, effectiveAt: null, proration: null } };
}
