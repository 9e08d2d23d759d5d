import type Stripe from 'stripe';
import { z } from 'zod';
import { discountCodeTaken, notSupported, rejected } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { DiscountInput, DiscountOperations, DiscountTruth } from '../port-catalog.ts';
import { unixFromIso } from '../wire-time.ts';
import { fromStripeAmount, toStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { pageOf, pageParams } from './page.ts';
import { expanded, listOf } from './wire.ts';

const coupon = z.object({
  id: z.string(),
  name: z.string().nullish(),
  percent_off: z.number().nullish(),
  amount_off: z.int().nullish(),
  currency: z.string().nullish(),
  duration: z.string(),
  duration_in_months: z.int().nullish(),
});

const promotionCode = z.object({
  id: z.string(),
  code: z.string(),
  active: z.boolean(),
  max_redemptions: z.int().nullish(),
  times_redeemed: z.int().default(0),
  promotion: z.object({ coupon: z.union([z.string(), coupon]).nullish() }),
});

type PromotionCode = z.output<typeof promotionCode>;

const COUPON = 'promotion.coupon';

/** A coupon says how much, its promotion code what the buyer types: ours is the code, and ends with it. */
export function createStripeDiscounts(api: StripeApi): DiscountOperations {
  return {
    ensure: (input) => ensureDiscount(api, input),
    find: (code) => findByCode(api, code, api.budget()),
    /** Coupons without a code are nobody's to type, and are left out. */
    async list(query) {
      const found = await api.call({
        operation: 'promotion_codes.list',
        reply: listOf(promotionCode),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.promotionCodes.list({ expand: [`data.${COUPON}`], ...pageParams(query) }, options),
      });
      return pageOf(found, mapDiscount);
    },
    async archive({ providerDiscountId }) {
      await api.call({
        operation: 'promotion_codes.update',
        reply: promotionCode,
        budget: api.budget(),
        send: (stripe, options) => stripe.promotionCodes.update(providerDiscountId, { active: false }, options),
      });
    },
  };
}

async function ensureDiscount(api: StripeApi, input: DiscountInput): Promise<DiscountTruth> {
  if (input.startsAt !== null && Date.parse(input.startsAt) > Date.now()) {
    throw notSupported('stripe', 'start a discount later');
  }
  const budget = api.budget();
  const existing = await findByCode(api, input.code, budget);
  if (existing?.isActive) {
    if (isSame(existing, input)) return existing;
    throw discountCodeTaken('stripe');
  }
  const made = await api.call({
    operation: 'coupons.create',
    reply: coupon,
    budget,
    key: `${input.idempotencyKey}:coupon`,
    isRepeatable: true,
    send: (stripe, options) => stripe.coupons.create(couponParams(input), options),
  });
  const created = await api.call({
    operation: 'promotion_codes.create',
    reply: promotionCode,
    budget,
    key: `${input.idempotencyKey}:code`,
    isRepeatable: true,
    send: (stripe, options) =>
      stripe.promotionCodes.create(
        {
          promotion: { type: 'coupon', coupon: made.id },
          code: input.code,
          expand: [COUPON],
          ...(input.maxRedemptions === null ? {} : { max_redemptions: input.maxRedemptions }),
          ...(input.endsAt === null ? {} : { expires_at: unixFromIso(input.endsAt) }),
        },
        options,
      ),
  });
  return mapDiscount(created);
}

function couponParams({ name, off, duration, providerProductIds }: DiscountInput): Stripe.CouponCreateParams {
  const months = typeof duration === 'object' ? duration.months : null;
  return {
    name: name.slice(0, 40),
    ...(typeof duration === 'object' ? { duration: 'repeating' } : { duration }),
    ...(months === null ? {} : { duration_in_months: months }),
    ...('basisPoints' in off
      ? { percent_off: off.basisPoints / 100 }
      : { amount_off: toStripeAmount(off.amount), currency: off.amount.currency.toLowerCase() }),
    ...(providerProductIds === null ? {} : { applies_to: { products: [...providerProductIds] } }),
  };
}

/** The active one; else the newest that bore the code. */
async function findByCode(api: StripeApi, code: string, budget: Budget): Promise<DiscountTruth | null> {
  const found = await api.call({
    operation: 'promotion_codes.list',
    reply: listOf(promotionCode),
    budget,
    send: (stripe, options) => stripe.promotionCodes.list({ code, limit: 100, expand: [`data.${COUPON}`] }, options),
  });
  const best = found.data.find((entry) => entry.active) ?? found.data[0];
  return best ? mapDiscount(best) : null;
}

/** @throws {BillingError} `provider_rejected` for a code whose coupon was not told. */
function mapDiscount(entry: PromotionCode): DiscountTruth {
  const source = expanded(entry.promotion.coupon);
  if (!source) throw rejected({ provider: 'stripe', status: 200, providerCode: 'coupon_missing' });
  return {
    providerDiscountId: entry.id,
    code: entry.code,
    name: source.name ?? entry.code,
    off: offOf(source),
    duration: durationOf(source),
    maxRedemptions: entry.max_redemptions ?? null,
    redemptions: entry.times_redeemed,
    isActive: entry.active,
  };
}

function offOf(source: z.output<typeof coupon>): DiscountTruth['off'] {
  const { amount_off: amount, currency, percent_off: percent } = source;
  return amount != null && currency != null
    ? { amount: fromStripeAmount(amount, currency) }
    : { basisPoints: Math.round((percent ?? 0) * 100) };
}

function durationOf(source: z.output<typeof coupon>): DiscountTruth['duration'] {
  if (source.duration === 'repeating') return { months: source.duration_in_months ?? 1 };
  return source.duration === 'forever' ? 'forever' : 'once';
}

function isSame(existing: DiscountTruth, input: DiscountInput): boolean {
  const told = [existing.off, existing.duration, existing.maxRedemptions];
  return JSON.stringify(told) === JSON.stringify([offAsTold(input), input.duration, input.maxRedemptions]);
}

/** In the same order of keys as `offOf`. */
function offAsTold({ off }: DiscountInput): DiscountTruth['off'] {
  if ('basisPoints' in off) return { basisPoints: off.basisPoints };
  return { amount: { amountMinor: off.amount.amountMinor, currency: off.amount.currency } };
}
