import { base62 } from '../../core/ids.ts';
import { addMonths } from '../../core/duration.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import type { Coupon, Discount, PromotionCode, Subscription } from '../objects.ts';

interface DiscountParam {
  coupon?: string | undefined;
  promotion_code?: string | undefined;
  discount?: string | undefined;
}

export interface ChosenCoupon {
  coupon: Coupon;
  promotion: PromotionCode | null;
}

function checkRedeemable(stripe: StripeContext, coupon: Coupon, param: string): void {
  const spent = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions;
  const late = coupon.redeem_by !== null && coupon.redeem_by <= stripe.now();
  if (!spent && !late && coupon.valid) return;
  throw invalid(`Coupon expired: ${coupon.id}`, { code: 'coupon_expired', param });
}

function checkPromotion(stripe: StripeContext, promotion: PromotionCode, customer: string | null, param: string): void {
  const late = promotion.expires_at !== null && promotion.expires_at <= stripe.now();
  const spent = promotion.max_redemptions !== null && promotion.times_redeemed >= promotion.max_redemptions;
  if (!promotion.active || late || spent) {
    throw invalid(`This promotion code cannot be redeemed because it has expired or is not active.`, { param });
  }
  if (promotion.customer !== null && promotion.customer !== customer) {
    throw invalid('This promotion code cannot be redeemed because it is restricted to another customer.', { param });
  }
  const bought = customer === null ? [] : stripe.paymentIntents.findBy('customer', customer);
  if (promotion.restrictions.first_time_transaction && bought.some((intent) => intent.status === 'succeeded')) {
    throw invalid('This promotion code cannot be redeemed because the associated customer has prior transactions.', {
      param,
    });
  }
}

/** Reads `discounts[]` in its forms; unknown, expired and spent ones are refused. */
export function chooseCoupons(
  stripe: StripeContext,
  params: readonly DiscountParam[],
  customer: string | null,
): ChosenCoupon[] {
  return params.map((param, at) => {
    if (param.discount !== undefined) {
      const known = stripe.discounts.get(param.discount);
      const coupon = known && stripe.coupons.get(known.source.coupon);
      if (!coupon) throw noSuch('discount', param.discount, `discounts[${at}][discount]`, 400);
      return { coupon, promotion: null };
    }
    if (param.promotion_code !== undefined) {
      const name = `discounts[${at}][promotion_code]`;
      const promotion = stripe.promotionCodes.get(param.promotion_code);
      const coupon = promotion && stripe.coupons.get(promotion.promotion.coupon);
      if (!promotion || !coupon) throw noSuch('promotion code', param.promotion_code, name, 400);
      checkPromotion(stripe, promotion, customer, name);
      checkRedeemable(stripe, coupon, name);
      return { coupon, promotion };
    }
    const id = param.coupon ?? '';
    const coupon = stripe.coupons.get(id);
    if (!coupon) throw noSuch('coupon', id, `discounts[${at}][coupon]`, 400);
    checkRedeemable(stripe, coupon, `discounts[${at}][coupon]`);
    return { coupon, promotion: null };
  });
}

function endOf(coupon: Coupon, start: number): number | null {
  if (coupon.duration !== 'repeating') return null;
  return addMonths(start * 1000, coupon.duration_in_months ?? 1) / 1000;
}

export function newDiscount(
  stripe: StripeContext,
  { coupon, promotion }: ChosenCoupon,
  on: { customer: string | null; subscription?: string; invoice?: string; session?: string },
): Discount {
  const start = stripe.now();
  return {
    id: `di_1${base62(23)}`,
    object: 'discount',
    checkout_session: on.session ?? null,
    customer: on.customer,
    customer_account: null,
    end: endOf(coupon, start),
    invoice: on.invoice ?? null,
    invoice_item: null,
    promotion_code: promotion?.id ?? null,
    source: { coupon: coupon.id, type: 'coupon' },
    start,
    subscription: on.subscription ?? null,
    subscription_item: null,
  };
}

/** Stores it and counts the redemption. */
export function redeem(stripe: StripeContext, discount: Discount): string {
  stripe.discounts.put(discount);
  const coupon = stripe.coupons.get(discount.source.coupon);
  if (coupon) {
    const times = coupon.times_redeemed + 1;
    const isSpent = coupon.max_redemptions !== null && times >= coupon.max_redemptions;
    stripe.coupons.put({ ...coupon, times_redeemed: times, valid: coupon.valid && !isSpent });
  }
  const promotion = discount.promotion_code === null ? undefined : stripe.promotionCodes.get(discount.promotion_code);
  if (promotion) stripe.promotionCodes.put({ ...promotion, times_redeemed: promotion.times_redeemed + 1 });
  stripe.emit('customer.discount.created', discount);
  return discount.id;
}

/** The ones that still count for an invoice made at that instant. */
export function liveDiscounts(stripe: StripeContext, ids: readonly string[], at: number): Discount[] {
  return ids.flatMap((id) => {
    const discount = stripe.discounts.get(id);
    return discount && (discount.end === null || discount.end > at) ? [discount] : [];
  });
}

/** After an invoice: `once` is used up, `repeating` past its end is gone. */
export function dropSpent(stripe: StripeContext, subscription: Subscription): void {
  subscription.discounts = subscription.discounts.filter((id) => {
    const discount = stripe.discounts.get(id);
    const coupon = discount && stripe.coupons.get(discount.source.coupon);
    const isOver = discount?.end != null && discount.end <= stripe.now();
    if (discount && (coupon?.duration === 'once' || isOver)) {
      stripe.discounts.put({ ...discount, end: stripe.now() });
      stripe.emit('customer.discount.deleted', discount);
      return false;
    }
    return discount !== undefined;
  });
}
