import { base62 } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import { requireCustomer } from './require-customer.ts';
import { type ChosenCoupon, chooseCoupons } from './billing/discounts-of.ts';
import { amountFor, isMetered, taxBehaviorOf } from './billing/price-amount.ts';
import { priceLines } from './billing/price-lines.ts';
import { invalid, noSuch } from './errors.ts';
import { checkDigits, minimumOf, minorText } from './money.ts';
import type { Price, Session, SessionLine, SessionPlan, StoredSession } from './objects.ts';
import { mergeMetadata } from './params.ts';
import { offeredTypes } from './payments/method-types.ts';
import { newPrice } from './price-object.ts';
import { newProduct } from './product-object.ts';
import { newSessionId, sessionDefaults } from './session-object.ts';
import type { LineItemParams, SessionCreateParams } from './session-params.ts';
import { type TaxPlace, placeOf, requirePlace, taxOn } from './tax/tax.ts';

export const SESSION_EXPIRY = 'stripe.session.expire';
const HOUR_S = 3600;

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

function linesOf(
  stripe: StripeContext,
  params: SessionCreateParams,
  coupons: readonly ChosenCoupon[],
  place: TaxPlace | null,
): SessionLine[] {
  const prices = (params.line_items ?? []).map((item, at) => priceOf(stripe, item, at));
  const currency = prices[0]?.currency ?? 'usd';
  if (prices.some((price) => price.currency !== currency)) {
    throw invalid('All line items must have the same currency.', { param: 'line_items' });
  }
  const quantities = prices.map((price, at) => (isMetered(price) ? 0 : (params.line_items?.[at]?.quantity ?? 1)));
  const subtotals = prices.map((price, at) => amountFor(price, quantities[at] ?? 1));
  const priced = priceLines(
    prices.map((price, at) => ({
      amount: subtotals[at] ?? 0,
      discountable: true,
      taxBehavior: taxBehaviorOf(price),
      product: price.product,
    })),
    coupons.map(({ coupon }) => ({ id: coupon.id, coupon })),
    currency,
    place,
  );
  return prices.map((price, at) => ({
    id: `li_1${base62(23)}`,
    price,
    productName: stripe.products.get(price.product)?.name ?? 'Product',
    description: null,
    quantity: quantities[at] ?? 1,
    subtotal: subtotals[at] ?? 0,
    discount: priced[at]?.discount ?? 0,
    tax: priced[at]?.addedTax ?? 0,
    taxes: priced[at]?.taxes ?? [],
  }));
}

function couponsOf(stripe: StripeContext, params: SessionCreateParams): ChosenCoupon[] {
  const wanted = params.discounts === '' ? [] : (params.discounts ?? []);
  if (wanted.length > 0 && params.allow_promotion_codes !== undefined) {
    throw invalid('You may only specify one of these parameters: allow_promotion_codes, discounts.', {
      param: 'discounts',
    });
  }
  if (wanted.length > 1) throw invalid('You may only specify one discount.', { param: 'discounts' });
  return chooseCoupons(stripe, wanted, params.customer ?? null);
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
  const kept = offeredTypes({
    use: mode === 'subscription' ? 'recurring' : mode,
    currency: mode === 'setup' && params.currency === undefined ? null : currency,
    country: null,
    hasCustomer: params.customer !== undefined,
    allowed: params.allowed_payment_method_types ?? null,
    excluded: params.excluded_payment_method_types ?? null,
  });
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
    setupFutureUsage: params.payment_intent_data?.setup_future_usage ?? null,
    captureMethod: params.payment_intent_data?.capture_method ?? null,
    automaticTax: params.automatic_tax?.enabled ?? false,
    invoiceCreation: params.invoice_creation?.enabled ?? false,
  };
}

/** Nothing due is fine; less than the currency's smallest charge is not. */
function checkTotal(total: number, currency: string, mode: Session['mode']): void {
  if (mode === 'setup' || total === 0) return;
  checkDigits(total, currency, 'line_items');
  if (total < 0 || total >= minimumOf(currency)) return;
  throw invalid(
    `The Checkout Session's total amount must convert to at least ${minorText(minimumOf(currency), currency)}.`,
    { code: 'amount_too_small', param: 'line_items' },
  );
}

/** The address is asked for on the page when none is known, so the first answer may lack its tax. */
export function taxState(plan: SessionPlan, place: TaxPlace | null): object {
  if (!plan.automaticTax) return { enabled: false, liability: null, provider: null, status: null };
  const status = place === null ? 'requires_location_inputs' : 'complete';
  return { enabled: true, liability: { type: 'self' }, provider: 'stripe', status };
}

function invoiceCreation(params: SessionCreateParams, mode: Session['mode']): object | null {
  if (mode !== 'payment') return null;
  const data = { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: null };
  return {
    enabled: params.invoice_creation?.enabled ?? false,
    invoice_data: { ...data, metadata: {}, rendering_options: null },
  };
}

function sessionOf(
  stripe: StripeContext,
  params: SessionCreateParams,
  plan: SessionPlan,
  place: TaxPlace | null,
): Session {
  const id = newSessionId();
  const mode = params.mode ?? 'payment';
  const now = stripe.now();
  const currency = plan.lines[0]?.price.currency ?? params.currency?.toLowerCase() ?? 'usd';
  const subtotal = plan.lines.reduce((sum, line) => sum + line.subtotal, 0);
  const discount = plan.lines.reduce((sum, line) => sum + line.discount, 0);
  const due = plan.lines.filter((line) => plan.trialEnd === null || !line.price.recurring);
  const tax = due.reduce((sum, line) => sum + line.tax, 0);
  const total = due.reduce((sum, line) => sum + line.subtotal - line.discount + line.tax, 0);
  checkTotal(total, currency, mode);
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
    total_details: { amount_discount: discount, amount_shipping: 0, amount_tax: tax },
    automatic_tax: taxState(plan, place),
    invoice_creation: invoiceCreation(params, mode),
    payment_method_options: params.payment_method_options ?? { card: { request_three_d_secure: 'automatic' } },
    ui_mode: params.ui_mode ?? 'hosted_page',
    url: `${stripe.sandbox.publicUrl()}/c/pay/${id}`,
  };
}

export function createSession(stripe: StripeContext, params: SessionCreateParams): StoredSession {
  checkUrls(params);
  const customer =
    params.customer === undefined ? undefined : requireCustomer(stripe, params.customer, 'customer', 400);
  const coupons = couponsOf(stripe, params);
  const wantsTax = params.automatic_tax?.enabled === true;
  if (wantsTax && customer && params.customer_update === undefined) requirePlace(customer);
  const place = wantsTax ? placeOf(customer) : null;
  const lines = linesOf(stripe, params, coupons, place);
  checkMode(params, lines, params.mode ?? 'payment');
  const plan = {
    ...planOf(params, lines, stripe.now()),
    coupon: coupons[0]?.coupon.id ?? null,
    promotionCode: coupons[0]?.promotion?.id ?? null,
  };
  const session = sessionOf(stripe, params, plan, place);
  const stored = stripe.sessions.put({ id: session.id, session, plan });
  stripe.sandbox.agenda.plan(SESSION_EXPIRY, session.id, session.expires_at * 1000);
  return stored;
}

/** The page learned where the customer is: tax is worked out again and the totals follow. */
export function retax(stored: StoredSession, place: TaxPlace): void {
  const { session, plan } = stored;
  if (!plan.automaticTax) return;
  for (const line of plan.lines) {
    line.taxes = [taxOn(place, line.subtotal - line.discount, taxBehaviorOf(line.price))];
    line.tax = line.taxes.reduce((sum, tax) => sum + (tax.tax_behavior === 'exclusive' ? tax.amount : 0), 0);
  }
  const due = plan.lines.filter((line) => plan.trialEnd === null || !line.price.recurring);
  const tax = due.reduce((sum, line) => sum + line.tax, 0);
  session.amount_total = due.reduce((sum, line) => sum + line.subtotal - line.discount + line.tax, 0);
  const discount = plan.lines.reduce((sum, line) => sum + line.discount, 0);
  session['total_details'] = { amount_discount: discount, amount_shipping: 0, amount_tax: tax };
  session['automatic_tax'] = taxState(plan, place);
}
