import type { PayRequest } from '../cashier.ts';
import type { Card, Decline } from '../core/cards.ts';
import { amountsOf, trialOf } from './checkout-object.ts';
import { touchCheckout } from './checkouts.ts';
import type { PolarContext } from './context.ts';
import { newCustomer } from './customers.ts';
import type { Checkout, Customer } from './objects.ts';
import { newOrder, payOrder, recordCheckoutDecline } from './order-object.ts';
import { emitSubscription, planPeriodEnd } from './subscription-changes.ts';
import { newSubscription } from './subscription-object.ts';

type Buyer = Pick<PayRequest, 'email' | 'name' | 'country'>;

/** Linked customer, else the one with that e-mail (who keeps its own external id), else a new one. */
function customerFor(polar: PolarContext, checkout: Checkout, buyer: Buyer): Customer {
  const linked = checkout.customer_id === null ? undefined : polar.customers.get(checkout.customer_id);
  const email = checkout.customer_email ?? buyer.email ?? 'customer@example.com';
  const known = linked ?? polar.customers.findBy('email', email.toLowerCase())[0];
  if (known) {
    known.billing_address ??= checkout.customer_billing_address;
    return polar.customers.put(known);
  }
  const { country = 'US', ...rest } = checkout.customer_billing_address ?? {};
  return newCustomer(polar, {
    email,
    name: checkout.customer_name ?? buyer.name,
    external_id: checkout.external_customer_id,
    billing_address: { country: checkout.customer_billing_address ? country : (buyer.country ?? country), ...rest },
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
  return recurring && customerId !== undefined && hasLive(polar, customerId)
    ? 'You already have an active subscription.'
    : null;
}

export function payCheckout(polar: PolarContext, checkout: Checkout, card: Card, buyer: Buyer): void {
  const product = polar.products.get(checkout.product_id);
  checkout.status = 'confirmed';
  touchCheckout(polar, checkout);
  const customer = customerFor(polar, checkout, buyer);
  Object.assign(checkout, {
    customer_id: customer.id,
    customer_email: customer.email,
    external_customer_id: customer.external_id ?? checkout.external_customer_id,
  });
  polar.checkouts.put(checkout);
  polar.vault.put({ id: customer.id, card });
  const { amount, discount } = amountsOf(polar, checkout);
  const trial = trialOf(polar, checkout);
  let subscription = null;
  if (product?.is_recurring === true) {
    subscription = newSubscription(polar, checkout, product, customer.id);
    emitSubscription(polar, subscription, 'created', 'active', 'updated');
    planPeriodEnd(polar, subscription);
    // A one-time discount is gone at the first renewal.
    if (polar.discounts.get(checkout.discount_id ?? '')?.duration === 'once') subscription.amount = checkout.amount;
    checkout.subscription_id = subscription.id;
  }
  const order = newOrder(polar, {
    subscription,
    checkout,
    reason: subscription ? 'subscription_create' : 'purchase',
    amount: trial ? 0 : amount,
    discount: trial ? 0 : discount,
  });
  payOrder(polar, order, card);
  checkout.status = 'succeeded';
  touchCheckout(polar, checkout);
}

/** A declined card sends the session back to `open`. */
export function declineCheckout(polar: PolarContext, checkout: Checkout, card: Card, decline: Decline): void {
  checkout.status = 'confirmed';
  touchCheckout(polar, checkout);
  recordCheckoutDecline(polar, checkout, amountsOf(polar, checkout).due, card, decline);
  checkout.status = 'open';
  touchCheckout(polar, checkout);
}
