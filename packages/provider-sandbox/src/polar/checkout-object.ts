import { addInterval } from '../core/duration.ts';
import type { PolarContext } from './context.ts';
import type { Checkout, Product } from './objects.ts';
import { publicOrganization } from './organization.ts';
import { discountAmount, showPrice } from './pricing.ts';
import { attachedFields, publicProduct } from './product-object.ts';
import { applyTax, taxBehaviorOf, taxRate } from './tax.ts';

interface Amounts {
  amount: number;
  discount: number;
  net: number;
  tax: number;
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
  const discount = discountAmount(
    checkout.discount_id === null ? undefined : polar.discounts.get(checkout.discount_id),
    checkout.amount,
    checkout.currency,
  );
  const address = checkout.customer_billing_address;
  const behavior = taxBehaviorOf(checkout.price.tax_behavior, address?.country ?? null);
  const rate = taxRate(address, checkout.customer_tax_id);
  const { net, tax, total } = applyTax(checkout.amount - discount, rate, behavior);
  return { amount: checkout.amount, discount, net, tax, total, due: trialOf(polar, checkout) ? 0 : total };
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
  const { product_ids: productIds, price, prices: chosen, is_business, ...stored } = checkout;
  const products = productIds.flatMap((id) => polar.products.get(id) ?? []);
  const product = polar.products.get(checkout.product_id);
  const trial = trialOf(polar, checkout);
  const { discount, net, tax, total, due } = amountsOf(polar, checkout);
  const shownPrices = chosen.map((own) => showPrice(polar, own));
  const withPrice = (of: Product): Record<string, unknown> => ({
    ...publicProduct(polar, of),
    ...(of.id === checkout.product_id ? { prices: shownPrices } : {}),
  });
  return {
    ...stored,
    payment_processor: 'stripe',
    url: checkoutUrl(polar, checkout),
    discount_amount: discount,
    net_amount: net,
    tax_amount: tax,
    tax_behavior: taxBehaviorOf(price.tax_behavior, checkout.customer_billing_address?.country ?? null),
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
    is_business_customer: is_business,
    customer_billing_name: checkout['customer_billing_name'] ?? null,
    payment_method_type: checkout.status === 'open' ? null : 'card',
    payment_processor_metadata: { publishable_key: 'pk_test_sandbox' },
    billing_address_fields: FIELD_MODES,
    products: products.map(withPrice),
    product: product ? withPrice(product) : null,
    product_price: showPrice(polar, price),
    prices: Object.fromEntries(products.map((of) => [of.id, withPrice(of)['prices']])),
    discount: discountShown(polar, checkout),
    attached_custom_fields: product ? attachedFields(polar, product) : [],
  };
}

/** Saves a change and tells about it. */
export function touchCheckout(polar: PolarContext, checkout: Checkout): void {
  checkout.modified_at = polar.now();
  polar.checkouts.put(checkout);
  polar.emit('checkout.updated', showCheckout(polar, checkout));
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
  return { ...shown, organization: publicOrganization(polar) };
}
