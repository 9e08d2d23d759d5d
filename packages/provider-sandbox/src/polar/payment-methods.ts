import type { Card } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import type { ApiRequest } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { listPage } from './listing.ts';
import type { Customer, PaymentMethod, Subscription } from './objects.ts';

/** Saves a card for later charges; the same card again is the same method. The first one is the default. */
export function saveCard(polar: PolarContext, customer: Customer, card: Card, makeDefault: boolean): PaymentMethod {
  const known = polar.paymentMethods
    .findBy('customer', customer.id)
    .find((method) => method.card.last4 === card.last4 && method.card.expYear === card.expYear);
  const saved = polar.paymentMethods.put({
    id: known?.id ?? uuid(),
    created_at: known?.created_at ?? polar.now(),
    modified_at: known ? polar.now() : null,
    processor: 'stripe',
    customer_id: customer.id,
    type: 'card',
    card,
  });
  if (makeDefault || customer.default_payment_method_id === null) {
    customer.default_payment_method_id = saved.id;
    polar.customers.put(customer);
  }
  return saved;
}

export function showPaymentMethod(polar: PolarContext, { card, ...stored }: PaymentMethod): object {
  const { brand, last4, expMonth, expYear } = card;
  const isDefault = polar.customers.get(stored.customer_id)?.default_payment_method_id === stored.id;
  return {
    ...stored,
    is_default: isDefault,
    method_metadata: { brand, last4, exp_month: expMonth, exp_year: expYear, wallet: null },
  };
}

/** `GET …/payment-methods`: newest first. */
export function paymentMethodPage(polar: PolarContext, request: ApiRequest, customer: Customer): object {
  const methods = polar.paymentMethods.findBy('customer', customer.id).reverse();
  return listPage(
    request,
    methods,
    () => true,
    (doc) => showPaymentMethod(polar, doc),
  );
}

/** What a charge without the customer uses: the subscription's own method, else the customer's default. */
export function cardFor(polar: PolarContext, customerId: string, subscription: Subscription | null): Card | null {
  const own = subscription?.internal.paymentMethodId ?? null;
  const fallback = polar.customers.get(customerId)?.default_payment_method_id ?? null;
  const method =
    (own === null ? undefined : polar.paymentMethods.get(own)) ??
    (fallback === null ? undefined : polar.paymentMethods.get(fallback));
  return method?.card ?? null;
}

/** Whether a live subscription would be left without a card. */
export function isInUse(polar: PolarContext, method: PaymentMethod): boolean {
  const others = polar.paymentMethods.findBy('customer', method.customer_id).length > 1;
  return (
    !others &&
    polar.subscriptions
      .findBy('customer', method.customer_id)
      .some(({ status }) => ['active', 'trialing', 'past_due'].includes(status))
  );
}

/** Takes a method away; another one becomes the default. */
export function removePaymentMethod(polar: PolarContext, method: PaymentMethod): void {
  polar.paymentMethods.remove(method.id);
  const customer = polar.customers.get(method.customer_id);
  if (customer?.default_payment_method_id !== method.id) return;
  customer.default_payment_method_id = polar.paymentMethods.findBy('customer', customer.id).at(-1)?.id ?? null;
  polar.customers.put(customer);
}
