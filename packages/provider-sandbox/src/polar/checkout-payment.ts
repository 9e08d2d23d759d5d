import type { PayRequest } from '../cashier.ts';
import type { Card, Decline } from '../core/cards.ts';
import { amountsOf, touchCheckout, trialOf } from './checkout-object.ts';
import type { PolarContext } from './context.ts';
import { newCustomer } from './customers.ts';
import { resetMeter } from './metering.ts';
import type { Checkout, Customer, Order, Product, Subscription } from './objects.ts';
import { syncBenefits } from './benefit-grants.ts';
import { newOrder } from './order-object.ts';
import { settingsOf } from './organization.ts';
import { saveCard } from './payment-methods.ts';
import { recordCheckoutDecline, settleOrder } from './payments.ts';
import { planPeriods, revoke, subscriptionOrder } from './subscription-cycle.ts';
import { newSubscription, touchSubscription } from './subscription-object.ts';
import { taxIdKind } from './tax.ts';

type Buyer = Pick<PayRequest, 'email' | 'name' | 'country'>;

/** Linked customer, else the one with that e-mail (who keeps its own external id), else a new one. */
function customerFor(polar: PolarContext, checkout: Checkout, buyer: Buyer): Customer {
  const linked = checkout.customer_id === null ? undefined : polar.customers.get(checkout.customer_id);
  const email = checkout.customer_email ?? buyer.email ?? 'customer@example.com';
  const known = linked ?? polar.customers.findBy('email', email.toLowerCase())[0];
  if (known) {
    known.billing_address ??= checkout.customer_billing_address;
    if (checkout.customer_tax_id !== null)
      known.tax_id = [checkout.customer_tax_id, taxIdKind(checkout.customer_tax_id)];
    return polar.customers.put(known);
  }
  const { country = 'US', ...rest } = checkout.customer_billing_address ?? {};
  return newCustomer(polar, {
    email,
    name: checkout.customer_name ?? buyer.name,
    external_id: checkout.external_customer_id,
    billing_address: { country: checkout.customer_billing_address ? country : (buyer.country ?? country), ...rest },
    ...(checkout.customer_tax_id === null ? {} : { tax_id: checkout.customer_tax_id }),
    metadata: checkout.customer_metadata as Record<string, string>,
  });
}

function hasLive(polar: PolarContext, customerId: string): boolean {
  return polar.subscriptions
    .findBy('customer', customerId)
    .some(({ status }) => status === 'active' || status === 'trialing' || status === 'past_due');
}

/** Why this checkout cannot be confirmed, or null. One live subscription per customer, as organizations start out. */
export function confirmRefusal(polar: PolarContext, checkout: Checkout, buyer: Buyer): string | null {
  const email = checkout.customer_email ?? buyer.email ?? '';
  const customerId = checkout.customer_id ?? polar.customers.findBy('email', email.toLowerCase())[0]?.id;
  const recurring = polar.products.get(checkout.product_id)?.is_recurring === true;
  if (settingsOf(polar).subscription.allow_multiple_subscriptions || checkout.subscription_id !== null) return null;
  return recurring && customerId !== undefined && hasLive(polar, customerId)
    ? 'You already have an active subscription.'
    : null;
}

function openSubscription(
  polar: PolarContext,
  input: { checkout: Checkout; product: Product; customer: Customer; paymentMethodId: string },
): Order {
  const { checkout, product, customer, paymentMethodId } = input;
  // An upgrade replaces the free subscription it names.
  const replaced = checkout.subscription_id === null ? undefined : polar.subscriptions.get(checkout.subscription_id);
  if (replaced) revoke(polar, replaced);
  const trial = trialOf(polar, checkout);
  const subscription: Subscription = newSubscription(polar, {
    customerId: customer.id,
    product,
    prices: checkout.prices,
    currency: checkout.currency,
    seats: checkout.seats,
    chosenAmount: checkout.price.amount_type === 'custom' ? checkout.amount : null,
    trial,
    discountId: checkout.discount_id,
    checkoutId: checkout.id,
    paymentMethodId,
    metadata: checkout.metadata,
    customFieldData: checkout['custom_field_data'],
  });
  for (const price of subscription.prices) {
    if (price.meter_id !== undefined) resetMeter(polar, customer.id, price.meter_id, true);
  }
  touchSubscription(polar, subscription, 'created', 'active', 'updated');
  syncBenefits(polar, subscription);
  planPeriods(polar, subscription);
  checkout.subscription_id = subscription.id;
  const line = { label: product.name, amount: trial ? 0 : checkout.amount, product_price_id: checkout.price.id };
  return subscriptionOrder(polar, subscription, {
    reason: 'subscription_create',
    lines: [line],
    checkoutId: checkout.id,
  });
}

function buyOnce(polar: PolarContext, checkout: Checkout, customer: Customer): Order {
  return newOrder(polar, {
    customerId: customer.id,
    productId: checkout.product_id,
    subscriptionId: null,
    checkoutId: checkout.id,
    discountId: checkout.discount_id,
    reason: 'purchase',
    currency: checkout.currency,
    lines: [
      {
        label: polar.products.get(checkout.product_id)?.name ?? 'Product',
        amount: checkout.amount,
        product_price_id: checkout.price.id,
      },
    ],
    discount: amountsOf(polar, checkout).discount,
    taxOption: checkout.price.tax_behavior,
    seats: checkout.seats,
    metadata: checkout.metadata,
    customFieldData: checkout['custom_field_data'],
  });
}

/** The card was accepted: customer, subscription, order and benefits follow in the documented order of events. */
export function payCheckout(polar: PolarContext, checkout: Checkout, card: Card, buyer: Buyer): void {
  const product = polar.products.get(checkout.product_id);
  if (!product) return;
  checkout.status = 'confirmed';
  touchCheckout(polar, checkout);
  const customer = customerFor(polar, checkout, buyer);
  Object.assign(checkout, {
    customer_id: customer.id,
    customer_email: customer.email,
    customer_billing_address: checkout.customer_billing_address ?? customer.billing_address,
    external_customer_id: customer.external_id ?? checkout.external_customer_id,
  });
  polar.checkouts.put(checkout);
  const method = saveCard(polar, customer, card, true);
  const discount = checkout.discount_id === null ? undefined : polar.discounts.get(checkout.discount_id);
  if (discount) {
    discount.redemptions_count += 1;
    polar.discounts.put(discount);
  }
  const order = product.is_recurring
    ? openSubscription(polar, { checkout, product, customer, paymentMethodId: method.id })
    : buyOnce(polar, checkout, customer);
  settleOrder(polar, order, card, 'purchase');
  checkout.status = 'succeeded';
  touchCheckout(polar, checkout);
}

/** A declined card sends the session back to `open`. */
export function declineCheckout(polar: PolarContext, checkout: Checkout, card: Card, decline: Decline): void {
  checkout.status = 'confirmed';
  touchCheckout(polar, checkout);
  recordCheckoutDecline(polar, { checkout, amount: amountsOf(polar, checkout).due, card, decline });
  checkout.status = 'open';
  touchCheckout(polar, checkout);
}
