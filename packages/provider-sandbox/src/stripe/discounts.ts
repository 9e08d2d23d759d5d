import { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { listPage } from './listing.ts';
import type { Coupon, PromotionCode } from './objects.ts';
import {
  bool,
  decimal,
  expand,
  formOf,
  ignored,
  integer,
  mergeMetadata,
  metadata,
  page,
  parse,
  range,
  text,
} from './params.ts';

const couponParams = z.strictObject({
  amount_off: integer.optional(),
  applies_to: ignored.optional(),
  currency: text.optional(),
  currency_options: ignored.optional(),
  duration: z.enum(['once', 'repeating', 'forever']).optional(),
  duration_in_months: integer.optional(),
  expand,
  id: text.optional(),
  max_redemptions: integer.optional(),
  metadata: metadata.optional(),
  name: text.optional(),
  percent_off: decimal.optional(),
  redeem_by: integer.optional(),
});
const promotionParams = z.strictObject({
  promotion: z.strictObject({ type: z.literal('coupon'), coupon: text }),
  active: bool.optional(),
  code: text.optional(),
  customer: text.optional(),
  customer_account: text.optional(),
  expand,
  expires_at: integer.optional(),
  max_redemptions: integer.optional(),
  metadata: metadata.optional(),
  restrictions: z
    .strictObject({
      currency_options: ignored.optional(),
      first_time_transaction: bool.optional(),
      minimum_amount: integer.optional(),
      minimum_amount_currency: text.optional(),
    })
    .optional(),
});
const listParams = z.strictObject({ ...page, created: range.optional() });
const promotionList = z.strictObject({
  ...page,
  active: bool.optional(),
  code: text.optional(),
  coupon: text.optional(),
  created: range.optional(),
  customer: text.optional(),
});

function createCoupon(stripe: StripeContext, params: z.output<typeof couponParams>): Coupon {
  if ((params.percent_off === undefined) === (params.amount_off === undefined)) {
    throw invalid('You must pass either percent_off or amount_off, and not both.', { param: 'percent_off' });
  }
  if (params.amount_off !== undefined && params.currency === undefined) {
    throw invalid('Missing required param: currency.', { code: 'parameter_missing', param: 'currency' });
  }
  if (params.duration === 'repeating' && params.duration_in_months === undefined) {
    throw invalid('Missing required param: duration_in_months.', {
      code: 'parameter_missing',
      param: 'duration_in_months',
    });
  }
  if (params.id !== undefined && stripe.coupons.get(params.id)) {
    throw invalid('Coupon already exists.', { code: 'resource_already_exists', param: 'id' });
  }
  const coupon: Coupon = {
    id: params.id ?? base62(8),
    object: 'coupon',
    amount_off: params.amount_off ?? null,
    created: stripe.now(),
    currency: params.currency?.toLowerCase() ?? null,
    duration: params.duration ?? 'once',
    duration_in_months: params.duration_in_months ?? null,
    livemode: false,
    max_redemptions: params.max_redemptions ?? null,
    metadata: mergeMetadata({}, params.metadata),
    name: params.name ?? null,
    percent_off: params.percent_off ?? null,
    redeem_by: params.redeem_by ?? null,
    times_redeemed: 0,
    valid: true,
    ...(params.applies_to === undefined ? {} : { applies_to: params.applies_to }),
    ...(params.currency_options === undefined ? {} : { currency_options: params.currency_options }),
  };
  stripe.coupons.put(coupon);
  stripe.emit('coupon.created', coupon);
  return coupon;
}

function createPromotionCode(stripe: StripeContext, params: z.output<typeof promotionParams>): PromotionCode {
  if (!stripe.coupons.get(params.promotion.coupon))
    throw noSuch('coupon', params.promotion.coupon, 'promotion[coupon]', 400);
  const code = params.code ?? base62(8).toUpperCase();
  if (stripe.promotionCodes.findBy('code', code).some((other) => other.active)) {
    throw invalid('An active promotion code with `code: ' + code + '` already exists.', { param: 'code' });
  }
  const promotion: PromotionCode = {
    id: `promo_1${base62(23)}`,
    object: 'promotion_code',
    active: params.active ?? true,
    code,
    created: stripe.now(),
    customer: params.customer ?? null,
    customer_account: null,
    expires_at: params.expires_at ?? null,
    livemode: false,
    max_redemptions: params.max_redemptions ?? null,
    metadata: mergeMetadata({}, params.metadata),
    promotion: params.promotion,
    restrictions: {
      first_time_transaction: params.restrictions?.first_time_transaction ?? false,
      minimum_amount: params.restrictions?.minimum_amount ?? null,
      minimum_amount_currency: params.restrictions?.minimum_amount_currency ?? null,
    },
    times_redeemed: 0,
  };
  stripe.promotionCodes.put(promotion);
  stripe.emit('promotion_code.created', promotion);
  return promotion;
}

function promotionOf(stripe: StripeContext, id = ''): PromotionCode {
  const promotion = stripe.promotionCodes.get(id);
  if (!promotion) throw noSuch('promotion code', id, 'promotion_code');
  return promotion;
}

export function discountRoutes(stripe: StripeContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/coupons',
      operations: ['discounts.create', 'coupons.create'],
      handle: (request) => ({ status: 200, body: createCoupon(stripe, parse(couponParams, formOf(request))) }),
    },
    {
      method: 'get',
      path: '/v1/coupons',
      operations: ['discounts.list', 'coupons.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(stripe.coupons.newestFirst(), '/v1/coupons', parse(listParams, formOf(request))),
      }),
    },
    {
      method: 'get',
      path: '/v1/coupons/:id',
      operations: ['discounts.get', 'coupons.get'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const coupon = stripe.coupons.get(id);
        if (!coupon) throw noSuch('coupon', id, 'coupon');
        return { status: 200, body: coupon };
      },
    },
    {
      method: 'delete',
      path: '/v1/coupons/:id',
      operations: ['discounts.delete', 'coupons.delete'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const coupon = stripe.coupons.get(id);
        if (!coupon) throw noSuch('coupon', id, 'coupon');
        stripe.coupons.remove(id);
        stripe.emit('coupon.deleted', coupon);
        return { status: 200, body: { id, object: 'coupon', deleted: true } };
      },
    },
    {
      method: 'get',
      path: '/v1/promotion_codes/:id',
      operations: ['discounts.get', 'promotion_codes.get'],
      handle(request) {
        const params = parse(z.strictObject({ expand }), formOf(request));
        return { status: 200, body: expanded(stripe, promotionOf(stripe, request.params['id']), params.expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/promotion_codes/:id',
      operations: ['discounts.update', 'promotion_codes.update'],
      handle(request) {
        const schema = z.strictObject({
          active: bool.optional(),
          expand,
          metadata: metadata.optional(),
          restrictions: ignored.optional(),
        });
        const params = parse(schema, formOf(request));
        const promotion = promotionOf(stripe, request.params['id']);
        promotion.active = params.active ?? promotion.active;
        promotion.metadata = mergeMetadata(promotion.metadata, params.metadata);
        stripe.promotionCodes.put(promotion);
        stripe.emit('promotion_code.updated', promotion, {});
        return { status: 200, body: expanded(stripe, promotion, params.expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/promotion_codes',
      operations: ['discounts.create', 'promotion_codes.create'],
      handle(request) {
        const params = parse(promotionParams, formOf(request));
        return { status: 200, body: expanded(stripe, createPromotionCode(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/promotion_codes',
      operations: ['discounts.list', 'promotion_codes.list'],
      handle(request) {
        const params = parse(promotionList, formOf(request));
        const keep = (doc: PromotionCode): boolean =>
          (params.active === undefined || doc.active === params.active) &&
          (params.code === undefined || doc.code.toLowerCase() === params.code.toLowerCase()) &&
          (params.coupon === undefined || doc.promotion.coupon === params.coupon);
        const list = listPage(stripe.promotionCodes.newestFirst(), '/v1/promotion_codes', params, keep);
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
  ];
}
