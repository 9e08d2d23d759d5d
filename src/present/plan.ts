import type { ProviderPriceRow } from '../db/entities/plan.ts';
import type { PricedPlan } from '../db/queries/plans.ts';
import { choosePrice, type BillingInterval } from '../domain/catalogue.ts';
import type { PlanAnswer } from '../api/schemas/plan.ts';

/** In which currency to quote: none named shows every price. */
export interface PriceWish {
  readonly currency: string | null;
  readonly countryCurrency: string | null;
  readonly defaultCurrency: string;
}

/** @param providerPrices null: the caller may not see the providers' ids. */
export function presentPlan(
  { plan, prices }: PricedPlan,
  wish: PriceWish,
  providerPrices: readonly ProviderPriceRow[] | null,
): PlanAnswer {
  return {
    id: plan.id,
    key: plan.key,
    name: plan.name,
    description: plan.description,
    kind: plan.kind,
    digital: plan.digital,
    prices: wishedPrices(prices, wish).map((price) => ({
      id: price.id,
      billing_interval: price.billingInterval,
      amount_minor: price.amountMinor,
      currency: price.currency,
    })),
    features: [...plan.features],
    limits: plan.limits,
    contact_url: plan.contactUrl,
    trial_days: plan.trialDays,
    is_active: plan.isActive,
    is_popular: plan.isPopular,
    sort_order: plan.sortOrder,
    provider_ids: providerPrices && providerIds(prices, providerPrices),
  };
}

/** One price per interval: the currency asked for if priced, else the country's, else the project's default. */
function wishedPrices(prices: PricedPlan['prices'], wish: PriceWish): PricedPlan['prices'] {
  if (wish.currency === null && wish.countryCurrency === null) return prices;
  const intervals: (BillingInterval | null)[] = [null, 'monthly', 'yearly'];
  const candidates = prices.map(({ id, billingInterval, amountMinor, currency }) => ({
    id,
    billingInterval,
    amount: { amountMinor, currency },
  }));
  const chosen = intervals.map(
    (billingInterval) =>
      choosePrice({ ...wish, prices: candidates, billingInterval, wished: wish.currency }) ??
      choosePrice({ ...wish, prices: candidates, billingInterval, wished: null }),
  );
  return prices.filter((price) => chosen.some((candidate) => candidate?.id === price.id));
}

function providerIds(
  prices: PricedPlan['prices'],
  rows: readonly ProviderPriceRow[],
): Record<string, Record<string, string>> {
  const byProvider: Record<string, Record<string, string>> = {};
  for (const row of rows) {
    const price = prices.find((candidate) => candidate.id === row.priceId);
    if (!price) continue;
    const names = (byProvider[row.provider] ??= {});
    names[`${price.billingInterval ?? 'one_time'}_${price.currency}`] = row.providerPriceId ?? row.providerProductId;
  }
  return byProvider;
}
