import { addInterval } from '../core/duration.ts';
import { discountOf } from './catalogue.ts';
import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import type { Checkout, Product } from './objects.ts';

function publicProduct(product: Product): object {
  const { metadata: _metadata, attached_custom_fields: _fields, ...shown } = product;
  return shown;
}

export interface Amounts {
  amount: number;
  discount: number;
  net: number;
  total: number;
  /** What is charged now: nothing while a trial starts. */
  due: number;
}

/** How long the trial runs, from the checkout itself or else its product. */
export function trialOf(
  polar: PolarContext,
  checkout: Checkout,
): { interval: 'day' | 'week' | 'month' | 'year'; count: number } | null {
  const product = polar.products.get(checkout.product_id);
  if (!checkout.allow_trial || product?.recurring_interval == null) return null;
  const interval = checkout.trial_interval ?? product.trial_interval;
  const count = checkout.trial_interval_count ?? product.trial_interval_count;
  return interval !== null && count !== null ? { interval, count } : null;
}

export function amountsOf(polar: PolarContext, checkout: Checkout): Amounts {
  const discount = discountOf(
    checkout.discount_id === null ? undefined : polar.discounts.get(checkout.discount_id),
    checkout.amount,
    checkout.currency,
  );
  const net = checkout.amount - discount;
  return { amount: checkout.amount, discount, net, total: net, due: trialOf(polar, checkout) ? 0 : net };
}

export function checkoutUrl(polar: PolarContext, checkout: Checkout): string {
  return `${polar.sandbox.publicUrl()}/polar/checkout/${checkout.client_secret}`;
}

function discountShown(polar: PolarContext, checkout: Checkout): object | null {
  const discount = checkout.discount_id === null ? undefined : polar.discounts.get(checkout.discount_id);
  if (!discount) return null;
  const { id, name, code, duration, type } = discount;
  const value =
    discount.type === 'percentage'
      ? { basis_points: discount.basis_points }
      : { amount: discount.amount, currency: discount.currency, amounts: discount['amounts'] };
  return {
    duration,
    ...(discount['duration_in_months'] === undefined ? {} : { duration_in_months: discount['duration_in_months'] }),
    type,
    ...value,
    id,
    name,
    code,
  };
}

const FIELD_MODES = {
  country: 'required',
  state: 'disabled',
  city: 'disabled',
  postal_code: 'disabled',
  line1: 'disabled',
  line2: 'disabled',
};

/** The checkout as the API shows it. */
export function showCheckout(polar: PolarContext, checkout: Checkout): Record<string, unknown> {
  const { product_ids: productIds, price, ...stored } = checkout;
  const products = productIds.flatMap((id) => polar.products.get(id) ?? []);
  const product = polar.products.get(checkout.product_id);
  const trial = trialOf(polar, checkout);
  const { discount, net, total, due } = amountsOf(polar, checkout);
  const withPrice = (of: Product): object => ({
    ...publicProduct(of),
    prices: of.id === checkout.product_id ? [price] : of.prices,
  });
  return {
    ...stored,
    custom_field_data: {},
    payment_processor: 'stripe',
    url: checkoutUrl(polar, checkout),
    discount_amount: discount,
    net_amount: net,
    tax_amount: 0,
    tax_behavior: 'exclusive',
    total_amount: total,
    active_trial_interval: trial?.interval ?? null,
    active_trial_interval_count: trial?.count ?? null,
    trial_end: trial
      ? new Date(addInterval(polar.sandbox.clock.nowMs(), trial.interval, trial.count)).toISOString()
      : null,
    organization_id: polar.organizationId(),
    product_price_id: price.id,
    is_discount_applicable: true,
    is_free_product_price: price.price_amount === 0,
    is_payment_required: due > 0,
    is_payment_setup_required: trial !== null,
    is_payment_form_required: due > 0 || trial !== null,
    is_business_customer: false,
    customer_billing_name: null,
    customer_tax_id: null,
    payment_method_type: checkout.status === 'open' ? null : 'card',
    payment_processor_metadata: { publishable_key: 'pk_test_sandbox', customer_session_client_secret: null },
    billing_address_fields: FIELD_MODES,
    seats: null,
    min_seats: null,
    max_seats: null,
    products: products.map(withPrice),
    product: product ? withPrice(product) : null,
    product_price: price,
    prices: Object.fromEntries(products.map((of) => [of.id, of.id === checkout.product_id ? [price] : of.prices])),
    discount: discountShown(polar, checkout),
    attached_custom_fields: [],
  };
}

/** The browser's view: no metadata, with the organization. */
export function showClientCheckout(polar: PolarContext, checkout: Checkout): Record<string, unknown> {
  const {
    metadata: _metadata,
    customer_metadata: _customer,
    external_customer_id: _external,
    subscription_id: _subscription,
    ...shown
  } = showCheckout(polar, checkout);
  const organization = {
    id: polar.organizationId(),
    created_at: checkout.created_at,
    modified_at: null,
    name: 'Sandbox Merchant',
    slug: ORGANIZATION_SLUG,
    avatar_url: null,
    proration_behavior: 'prorate',
    allow_customer_updates: true,
  };
  return { ...shown, organization };
}
