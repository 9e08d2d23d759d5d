import type { BillingInterval } from '../../domain/catalogue.ts';
import type { CatalogItem, DiscountInput, DiscountTruth } from '../port-catalog.ts';
import { moneyOf } from './map-money.ts';
import type { PolarDiscount, PolarProduct } from './wire.ts';

/** The mark of the hidden products that `benefits.grant` makes; they are not for sale. */
export const GRANT_MARK = 'grants_benefit_id';

/**
 * One item per fixed price that is sold. What the port cannot say is left out: products billed by day, week or several
 * months, prices that the buyer names, that count seats or meters, and the hidden products of direct grants.
 */
export function mapProduct(product: PolarProduct): readonly CatalogItem[] {
  const interval = intervalOf(product);
  if (interval === undefined || GRANT_MARK in product.metadata) return [];
  const { price_id: priceId } = product.metadata;
  return product.prices.flatMap((price) => {
    if (price.amount_type !== 'fixed' || price.is_archived || price.price_amount == null) return [];
    return {
      providerProductId: product.id,
      providerPriceId: price.id,
      priceId: typeof priceId === 'string' ? priceId : null,
      name: product.name,
      description: product.description ?? null,
      unitAmount: moneyOf(price.price_amount, price.price_currency ?? 'usd'),
      billingInterval: interval,
      isActive: !product.is_archived,
    };
  });
}

/** null: sold once; undefined: an interval that we do not have. */
function intervalOf(product: PolarProduct): BillingInterval | null | undefined {
  const { recurring_interval: interval, recurring_interval_count: count } = product;
  if (interval == null) return null;
  if ((count ?? 1) !== 1) return undefined;
  return interval === 'month' ? 'monthly' : interval === 'year' ? 'yearly' : undefined;
}

export function mapDiscount(discount: PolarDiscount, nowMs: number): DiscountTruth {
  const max = discount.max_redemptions ?? null;
  const hasStarted = discount.starts_at == null || Date.parse(discount.starts_at) <= nowMs;
  const hasEnded = discount.ends_at != null && Date.parse(discount.ends_at) <= nowMs;
  return {
    providerDiscountId: discount.id,
    code: discount.code ?? null,
    name: discount.name,
    off:
      discount.type === 'percentage'
        ? { basisPoints: discount.basis_points ?? 0 }
        : { amount: moneyOf(discount.amount ?? 0, discount.currency ?? 'usd') },
    duration: durationOf(discount),
    maxRedemptions: max,
    redemptions: discount.redemptions_count,
    isActive: hasStarted && !hasEnded && (max === null || discount.redemptions_count < max),
  };
}

function durationOf({ duration, duration_in_months: months }: PolarDiscount): DiscountTruth['duration'] {
  if (duration === 'repeating' && months != null) return { months };
  return duration === 'forever' ? 'forever' : 'once';
}

/** Whether a code means there what it means here. Names may differ: nobody pays by them. */
export function isSameDiscount(
  truth: DiscountTruth,
  input: Pick<DiscountInput, 'off' | 'duration' | 'maxRedemptions'>,
): boolean {
  return (
    keyOf(truth.off) === keyOf(input.off) &&
    monthsOf(truth.duration) === monthsOf(input.duration) &&
    truth.maxRedemptions === input.maxRedemptions
  );
}

function keyOf(off: DiscountTruth['off']): string {
  return 'basisPoints' in off ? `${off.basisPoints} bp` : `${off.amount.amountMinor} ${off.amount.currency}`;
}

function monthsOf(duration: DiscountTruth['duration']): string | number {
  return typeof duration === 'string' ? duration : duration.months;
}
