import type { Price } from '../objects.ts';

interface Tier {
  up_to: number | null;
  unit_amount: number | null;
  unit_amount_decimal: string | null;
  flat_amount: number | null;
}

const isTier = (value: unknown): value is Tier => typeof value === 'object' && value !== null && 'up_to' in value;

const tiersOf = (price: Price): Tier[] => {
  const tiers: unknown = price['tiers'];
  return Array.isArray(tiers) ? tiers.filter(isTier) : [];
};

const unitOf = (tier: Tier): number => Number(tier.unit_amount_decimal ?? tier.unit_amount ?? 0);

/** Graduated: each unit at its own tier's price. Volume: all units at the price of the tier the total falls in. */
function tiered(price: Price, quantity: number): number {
  const tiers = tiersOf(price);
  if (price.tiers_mode === 'volume') {
    const tier = tiers.find(({ up_to: upTo }) => upTo === null || quantity <= upTo);
    return tier && quantity > 0 ? unitOf(tier) * quantity + (tier.flat_amount ?? 0) : 0;
  }
  let from = 0;
  let total = 0;
  for (const tier of tiers) {
    const upTo = Math.min(quantity, tier.up_to ?? Infinity);
    if (upTo <= from) break;
    total += (upTo - from) * unitOf(tier) + (tier.flat_amount ?? 0);
    from = upTo;
  }
  return total;
}

/** Minor units for that many, rounded once at the end. */
export function amountFor(price: Price, quantity: number): number {
  const divided = price.transform_quantity
    ? (price.transform_quantity.round === 'up' ? Math.ceil : Math.floor)(quantity / price.transform_quantity.divide_by)
    : quantity;
  if (price.billing_scheme === 'tiered') return Math.round(tiered(price, divided));
  return Math.round(Number(price.unit_amount_decimal ?? price.unit_amount ?? 0) * divided);
}

export const isMetered = (price: Price): boolean => price.recurring?.usage_type === 'metered';

export const taxBehaviorOf = (price: Price | null): 'exclusive' | 'inclusive' =>
  price?.tax_behavior === 'inclusive' ? 'inclusive' : 'exclusive';
