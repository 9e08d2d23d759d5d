import { z } from 'zod';
import { addMonths } from '../core/duration.ts';
import { uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import { refuse } from './errors.ts';
import type { Checkout, Discount, Product, ProductPrice, SeatTier, Subscription } from './objects.ts';

const currency = z.string().length(3).toLowerCase().default('usd');
const tax_behavior = z.enum(['location', 'inclusive', 'exclusive']).nullish();
const common = { price_currency: currency, tax_behavior };
const tier = z.object({
  min_seats: z.int().min(1),
  max_seats: z.int().min(1).nullish(),
  price_per_seat: z.int().min(0),
});
// At most five digits before the point and twelve after, as text or number.
const unitAmount = z
  .union([z.string().regex(/^\+?0*\d{0,5}(\.\d{0,12}0*)?$/), z.number().positive()])
  .transform(String);

export const priceBody = z.discriminatedUnion('amount_type', [
  z.object({ amount_type: z.literal('fixed'), price_amount: z.int().min(0).max(99_999_999), ...common }),
  z.object({
    amount_type: z.literal('custom'),
    minimum_amount: z.int().min(0).default(50),
    maximum_amount: z.int().min(1).nullable().default(null),
    preset_amount: z.int().min(0).nullable().default(null),
    ...common,
  }),
  z.object({
    amount_type: z.literal('metered_unit'),
    meter_id: z.uuid(),
    unit_amount: unitAmount,
    cap_amount: z.int().min(0).max(2_147_483_647).nullable().default(null),
    ...common,
  }),
  z.object({
    amount_type: z.literal('seat_based'),
    seat_tiers: z.object({
      seat_tier_type: z.enum(['volume', 'graduated']).default('volume'),
      tiers: z.array(tier).min(1),
    }),
    ...common,
  }),
]);

export function newPrice(
  polar: PolarContext,
  body: z.output<typeof priceBody>,
  product: { id: string; recurring: boolean },
  source: 'catalog' | 'ad_hoc',
): ProductPrice {
  if (body.amount_type === 'metered_unit') {
    if (!polar.meters.get(body.meter_id))
      throw refuse(['body', 'prices', 0, 'meter_id'], 'Meter does not exist.', body.meter_id);
    if (!product.recurring)
      throw refuse(['body', 'prices'], 'Metered pricing is not supported on one-time products.', body);
  }
  const { tax_behavior: tax = null, ...rest } = body;
  const base = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    source,
    tax_behavior: tax,
    is_archived: false,
    product_id: product.id,
  };
  if (rest.amount_type !== 'seat_based') return { ...base, ...rest };
  const { tiers } = rest.seat_tiers;
  const limits = { minimum_seats: tiers[0]?.min_seats ?? 1, maximum_seats: tiers.at(-1)?.max_seats ?? null };
  return { ...base, ...rest, seat_tiers: { ...rest.seat_tiers, ...limits } };
}

/** As the API shows it: a metered price carries the name of its meter. */
export function showPrice(polar: PolarContext, price: ProductPrice): ProductPrice {
  if (price.meter_id === undefined) return price;
  const meter = polar.meters.get(price.meter_id);
  if (!meter) return price;
  const { id, name, unit } = meter;
  const { custom_label = null, custom_multiplier = null } = meter;
  return { ...price, meter: { id, name, unit, custom_label, custom_multiplier } };
}

/** Prices of one currency: the wanted one, else the product's first. */
export function pricesIn(prices: readonly ProductPrice[], wanted: string | null): ProductPrice[] {
  const code = wanted ?? prices[0]?.price_currency;
  return prices.filter((price) => price.price_currency === code && !price.is_archived);
}

function seatAmount(tiers: readonly SeatTier[], type: 'volume' | 'graduated', seats: number): number {
  const holds = (tier: SeatTier): boolean =>
    seats >= tier.min_seats && (tier.max_seats == null || seats <= tier.max_seats);
  if (type === 'volume') return seats * ((tiers.find(holds) ?? tiers.at(-1))?.price_per_seat ?? 0);
  return tiers.reduce((sum, tier) => {
    const inTier = Math.max(0, Math.min(seats, tier.max_seats ?? seats) - tier.min_seats + 1);
    return sum + inTier * tier.price_per_seat;
  }, 0);
}

/** What is known before any usage, in minor units; `chosen` is the amount of a pay-what-you-want price. */
export function staticAmount(prices: readonly ProductPrice[], seats: number | null, chosen: number | null): number {
  return prices.reduce((sum, price) => {
    if (price.amount_type === 'fixed') return sum + (price.price_amount ?? 0);
    if (price.amount_type === 'custom')
      return sum + (chosen ?? Number(price['preset_amount'] ?? price['minimum_amount'] ?? 0));
    if (price.seat_tiers === undefined) return sum;
    return sum + seatAmount(price.seat_tiers.tiers, price.seat_tiers.seat_tier_type, seats ?? 1);
  }, 0);
}

export function discountAmount(discount: Discount | undefined, amount: number, code: string): number {
  if (!discount || amount <= 0) return 0;
  if (discount.type === 'percentage') return Math.round((amount * (discount.basis_points ?? 0)) / 10_000);
  const amounts = discount['amounts'] as Record<string, number> | undefined;
  return Math.min(amounts?.[code] ?? 0, amount);
}

function isUsedUpBy(polar: PolarContext, discount: Discount, customerId: string | null): boolean {
  const { id, max_redemptions_per_customer: limit } = discount;
  if (limit === null || customerId === null) return false;
  const isUse = (doc: Checkout): boolean =>
    doc.customer_id === customerId && doc.discount_id === id && doc.status === 'succeeded';
  return polar.checkouts.all().filter(isUse).length >= limit;
}

/** Why a discount cannot be used now for this product, or null. */
export function discountRefusal(
  polar: PolarContext,
  discount: Discount | undefined,
  product: Product,
  customerId: string | null,
): string | null {
  if (!discount) return 'Discount does not exist.';
  const nowMs = polar.sandbox.clock.nowMs();
  const { starts_at: starts, ends_at: ends } = discount;
  const isOpen =
    (typeof starts !== 'string' || Date.parse(starts) <= nowMs) &&
    (typeof ends !== 'string' || Date.parse(ends) > nowMs);
  const fits = discount.product_ids.length === 0 || discount.product_ids.includes(product.id);
  const usedUp = discount.max_redemptions !== null && discount.redemptions_count >= discount.max_redemptions;
  return isOpen && fits && !usedUp && !isUsedUpBy(polar, discount, customerId)
    ? null
    : 'Discount is no longer available.';
}

/** The discount of the next invoice: `once` counts for one, `repeating` for its months from the first. */
export function dueDiscount(polar: PolarContext, subscription: Subscription): Discount | undefined {
  const discount = subscription.discount_id === null ? undefined : polar.discounts.get(subscription.discount_id);
  const since = subscription.internal.discountedSince;
  if (!discount || since === null || discount.duration === 'forever') return discount;
  if (discount.duration === 'once') return undefined;
  const endMs = addMonths(Date.parse(since), discount.duration_in_months ?? 1);
  return polar.sandbox.clock.nowMs() < endMs ? discount : undefined;
}
