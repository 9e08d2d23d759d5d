import { base62 } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import { requireCustomer } from './customers.ts';
import { discountOf } from './discounts.ts';
import { invalid, noSuch } from './errors.ts';
import type { Coupon, Price, Session, SessionLine, SessionPlan, StoredSession } from './objects.ts';
import { mergeMetadata } from './params.ts';
import { newPrice } from './price-object.ts';
import { newProduct } from './product-object.ts';
import { newSessionId, sessionDefaults } from './session-object.ts';
import type { LineItemParams, SessionCreateParams } from './session-params.ts';

export const SESSION_EXPIRY = 'stripe.session.expire';
const HOUR_S = 3600;
const OXXO_DAYS = 5;

function priceOf(stripe: StripeContext, item: LineItemParams, at: number): Price {
  if (item.price !== undefined) {
    const price = stripe.prices.get(item.price);
    if (!price) throw noSuch('price', item.price, `line_items[${at}][price]`, 400);
    if (!price.active) {
      throw invalid(`The price specified is inactive. This field only accepts active prices.`, {
        param: `line_items[${at}][price]`,
      });
    }
    return price;
  }
  const data = item.price_data;
  if (!data) {
    throw invalid(`Missing required param: line_items[${at}][price].`, {
      code: 'parameter_missing',
      param: `line_items[${at}][price]`,
    });
  }
  if (data.unit_amount === undefined && data.unit_amount_decimal === undefined) {
    const param = `line_items[${at}][price_data][unit_amount]`;
    throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  const product =
    data.product ??
    newProduct(stripe, {
      name: data.product_data?.name ?? 'Product',
      description: data.product_data?.description,
      metadata: mergeMetadata({}, data.product_data?.metadata),
    }).id;
  if (!stripe.products.get(product)) throw noSuch('product', product, `line_items[${at}][price_data][product]`, 400);
  return newPrice(stripe, { ...data, product, active: false });
}

function linesOf(stripe: StripeContext, params: SessionCreateParams, coupon: Coupon | null): SessionLine[] {
  const prices = (params.line_items ?? []).map((item, at) => priceOf(stripe, item, at));
  const currency = prices[0]?.currency;
  if (prices.some((price) => price.currency !== currency)) {
    throw invalid('All line items must have the same currency.', { param: 'line_items' });
  }
  const subtotals = prices.map((price, at) => (price.unit_amount ?? 0) * (params.line_items?.[at]?.quantity ?? 1));
  const total = subtotals.reduce((sum, amount) => sum + amount, 0);
  let left = coupon && currency !== undefined ? discountOf(coupon, total, currency) : 0;
  return prices.map((price, at) => {
    const subtotal = subtotals[at] ?? 0;
    const discount =
      at === prices.length - 1 ? left : Math.min(left, Math.round((left * subtotal) / Math.max(total, 1)));
    left -= discount;
    const product = stripe.products.get(price.product);
    return {
      id: `li_1${base62(23)}`,
      price,
      productName: product?.name ?? 'Product',
      description: null,
      quantity: params.line_items?.[at]?.quantity ?? 1,
      subtotal,
      discount,
    };
  });
}

function couponOf(
  stripe: StripeContext,
  params: SessionCreateParams,
): { coupon: Coupon | null; promotionCode: string | null } {
  const [first] = params.discounts === '' ? [] : (params.discounts ?? []);
  if (!first) return { coupon: null, promotionCode: null };
  if (params.allow_promotion_codes !== undefined) {
    throw invalid('You may only specify one of these parameters: allow_promotion_codes, discounts.', {
      param: 'discounts',
    });
  }
  const promotion = first.promotion_code === undefined ? undefined : stripe.promotionCodes.get(first.promotion_code);
  if (first.promotion_code !== undefined && !promotion?.active) {
    throw noSuch('promotion code', first.promotion_code, 'discounts[0][promotion_code]', 400);
  }
  const id = promotion?.promotion.coupon ?? first.coupon ?? '';
  const coupon = stripe.coupons.get(id);
  if (!coupon) throw noSuch('coupon', id, 'discounts[0][coupon]', 400);
  return { coupon, promotionCode: promotion?.id ?? null };
}

function checkMode(params: SessionCreateParams, lines: readonly SessionLine[], mode: Session['mode']): void {
  const recurring = lines.some((line) => line.price.recurring !== null);
  if (mode === 'setup') return;
  if (lines.length === 0) {
    throw invalid('Missing required param: line_items.', { code: 'parameter_missing', param: 'line_items' });
  }
  if (mode === 'payment' && recurring) {
    throw invalid(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      { param: 'line_items' },
    );
  }
  if (mode === 'subscription' && !recurring) {
    throw invalid('You must provide at least one recurring price in `subscription` mode when using prices.', {
      param: 'line_items',
    });
  }
  if (mode === 'subscription' && params.payment_intent_data) {
    throw invalid('You can not pass `payment_intent_data` in `subscription` mode.', { param: 'payment_intent_data' });
  }
}

function checkUrls(params: SessionCreateParams): void {
  const hosted = (params.ui_mode ?? 'hosted_page') === 'hosted_page';
  if (hosted && params.success_url === undefined) {
    throw invalid('Missing required param: success_url.', { code: 'parameter_missing', param: 'success_url' });
  }
  for (const name of ['success_url', 'cancel_url'] as const) {
    const value = params[name];
    if (value !== undefined && !/^https?:\/\//.test(value)) {
      throw invalid('Not a valid URL', { code: 'url_invalid', param: name });
    }
  }
  if (params.customer !== undefined && params.customer_email !== undefined) {
    throw invalid('You may only specify one of these parameters: customer, customer_email.', {
      param: 'customer_email',
    });
  }
}

function methodsOf(params: SessionCreateParams, mode: Session['mode'], currency: string): string[] {
  const oneTimePesos = mode === 'payment' && currency === 'mxn';
  const usual = oneTimePesos ? ['card', 'oxxo', 'link'] : ['card', 'link'];
  const transfers = oneTimePesos && params.customer !== undefined ? ['customer_balance'] : [];
  const allowed = params.allowed_payment_method_types;
  const kept = (
    allowed === undefined ? usual : [...usual, ...transfers].filter((type) => allowed.includes(type))
  ).filter((type) => !params.excluded_payment_method_types?.includes(type));
  if (kept.length > 0) return kept;
  throw invalid(
    'No valid payment method types for this Checkout Session. Please ensure that you have activated payment methods compatible with your chosen currency, amount and mode.',
    { param: 'allowed_payment_method_types' },
  );
}

function expiryOf(params: SessionCreateParams, now: number): number {
  const expiresAt = params.expires_at ?? now + 24 * HOUR_S;
  if (expiresAt < now + HOUR_S / 2 - 60) {
    throw invalid('The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.', {
      param: 'expires_at',
    });
  }
  if (expiresAt > now + 24 * HOUR_S + 60) {
    throw invalid('The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.', {
      param: 'expires_at',
    });
  }
  return expiresAt;
}

function trialEndOf(params: SessionCreateParams, now: number): number | null {
  const { trial_period_days: days, trial_end: end } = params.subscription_data ?? {};
  if (end !== undefined && end < now + 48 * HOUR_S) {
    throw invalid('The `trial_end` date has to be at least 2 days in the future.', {
      param: 'subscription_data[trial_end]',
    });
  }
  return end ?? (days === undefined ? null : now + days * 24 * HOUR_S);
}

function planOf(params: SessionCreateParams, lines: SessionLine[], now: number): SessionPlan {
  return {
    lines,
    paymentIntentMetadata: mergeMetadata({}, params.payment_intent_data?.metadata),
    subscriptionMetadata: mergeMetadata({}, params.subscription_data?.metadata),
    setupIntentMetadata: mergeMetadata({}, params.setup_intent_data?.metadata),
    paymentDescription: params.payment_intent_data?.description ?? null,
    trialEnd: trialEndOf(params, now),
    coupon: null,
    promotionCode: null,
    oxxoDays: params.payment_method_options?.oxxo?.expires_after_days ?? OXXO_DAYS,
    voucherReference: null,
    voucherKind: null,
    voucherExpiresAt: null,
  };
}

function sessionOf(stripe: StripeContext, params: SessionCreateParams, plan: SessionPlan): Session {
  const id = newSessionId();
  const mode = params.mode ?? 'payment';
  const now = stripe.now();
  const currency = plan.lines[0]?.price.currency ?? params.currency?.toLowerCase() ?? 'usd';
  const subtotal = plan.lines.reduce((sum, line) => sum + line.subtotal, 0);
  const discount = plan.lines.reduce((sum, line) => sum + line.discount, 0);
  const trialing = plan.lines.reduce(
    (sum, line) => sum + (line.price.recurring ? line.subtotal - line.discount : 0),
    0,
  );
  const total = subtotal - discount - (plan.trialEnd === null ? 0 : trialing);
  return {
    id,
    object: 'checkout.session',
    ...sessionDefaults(),
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    amount_subtotal: subtotal,
    amount_total: total,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    created: now,
    currency,
    customer: params.customer ?? null,
    customer_creation:
      params.customer === undefined
        ? (params.customer_creation ?? (mode === 'payment' ? 'if_required' : 'always'))
        : null,
    customer_details:
      params.customer_email === undefined
        ? null
        : { email: params.customer_email, address: null, name: null, phone: null, tax_exempt: 'none', tax_ids: null },
    customer_email: params.customer_email ?? null,
    discounts: plan.coupon === null ? [] : [{ coupon: plan.coupon, promotion_code: plan.promotionCode }],
    ...(params.excluded_payment_method_types
      ? { excluded_payment_method_types: params.excluded_payment_method_types }
      : {}),
    expires_at: expiryOf(params, now),
    invoice: null,
    locale: params.locale ?? null,
    metadata: mergeMetadata({}, params.metadata),
    mode,
    payment_intent: null,
    payment_method_collection: mode === 'subscription' ? (params.payment_method_collection ?? 'always') : 'if_required',
    payment_method_types: methodsOf(params, mode, currency),
    payment_status: mode === 'setup' || total === 0 ? 'no_payment_required' : 'unpaid',
    setup_intent: null,
    status: 'open',
    subscription: null,
    success_url: params.success_url ?? null,
    total_details: { amount_discount: discount, amount_shipping: 0, amount_tax: 0 },
    ui_mode: params.ui_mode ?? 'hosted_page',
    url: `${stripe.sandbox.publicUrl()}/c/pay/${id}`,
  };
}

export function createSession(stripe: StripeContext, params: SessionCreateParams): StoredSession {
  checkUrls(params);
  if (params.customer !== undefined) requireCustomer(stripe, params.customer, 'customer', 400);
  const { coupon, promotionCode } = couponOf(stripe, params);
  const lines = linesOf(stripe, params, coupon);
  checkMode(params, lines, params.mode ?? 'payment');
  const plan = { ...planOf(params, lines, stripe.now()), coupon: coupon?.id ?? null, promotionCode };
  const session = sessionOf(stripe, params, plan);
  const stored = stripe.sessions.put({ id: session.id, session, plan });
  stripe.sandbox.agenda.plan(SESSION_EXPIRY, session.id, session.expires_at * 1000);
  return stored;
}
