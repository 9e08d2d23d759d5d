import type { ProviderAbilities } from '../../domain/routing/abilities.ts';
import { covers, offersAny, prepareAbilities } from '../../domain/routing/prepared-abilities.ts';

/** What a provider is to carry for a subscription that begins without a hosted page. */
export interface DirectWish {
  readonly currency: string;
  readonly quantity: number;
  readonly trialDays: number;
  /** Providers that the price was pushed to. */
  readonly pushedTo: readonly string[];
}

/**
 * Why this provider cannot begin the subscription, as a clause that names the fix; null: it can.
 *
 * @param operations What its client can do, as `group.operation`.
 */
export function whyUnable(
  provider: string,
  abilities: ProviderAbilities | null,
  operations: readonly string[],
  wish: DirectWish,
): string | null {
  if (abilities === null) return 'it is not known here';
  if (!operations.includes('subscriptions.create') || !operations.includes('subscriptions.find'))
    return 'it begins subscriptions on its hosted page only: start a checkout';
  if (abilities.needsProviderPrice.includes('subscription') && !wish.pushedTo.includes(provider))
    return 'this price was not pushed to it: push the plan, or choose another price';
  if (!covers(prepareAbilities(abilities).currencies, wish.currency))
    return `it does not charge ${wish.currency}: send a currency that it charges`;
  if (wish.quantity > 1 && !abilities.features.quantity.includes('subscription'))
    return 'it knows no quantity of a subscription: send quantity 1';
  // Who can move a trial's end takes it from the beginning too; a trial chosen on a hosted page is another ability.
  const canTry =
    abilities.features.trialDays.includes('subscription') || abilities.subscriptions?.moveTrialEnd === true;
  if (wish.trialDays > 0 && !canTry) return 'it knows no trial of our choosing: send trial_days 0';
  return null;
}

/** Whether a provider issues these vouchers for payments, in this currency and country. */
export function issuesVoucher(
  abilities: ProviderAbilities | null,
  operations: readonly string[],
  wish: { readonly method: string; readonly currency: string; readonly country: string | null },
): boolean {
  if (abilities === null || !operations.includes('payments.create')) return false;
  const { method, currency, country } = wish;
  const able = prepareAbilities(abilities);
  if (!covers(able.currencies, currency)) return false;
  if (country !== null && !covers(able.countries, country)) return false;
  return offersAny(able, {
    mode: 'payment',
    amount: { currency },
    evidence: { country },
    wishedPaymentMethods: [method],
  });
}
