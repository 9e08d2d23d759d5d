import type { FungiesContext } from './context.ts';
import type { Payment, Subscription } from './objects.ts';
import { plainOrder, plainPayment, plainSubscription, showItems, showUser } from './representation.ts';

type PaymentEvent = 'payment_success' | 'payment_failed' | 'payment_refunded';
type SubscriptionEvent =
  'subscription_created' | 'subscription_interval' | 'subscription_updated' | 'subscription_cancelled';

/** `customer` duplicates `user`: oldest payloads had only it. */
export function emitPayment(fungies: FungiesContext, type: PaymentEvent, payment: Payment): void {
  const user = fungies.users.get(payment.userId);
  const order = payment.orderId === null ? undefined : fungies.orders.get(payment.orderId);
  const subscription = payment.subscriptionId === null ? undefined : fungies.subscriptions.get(payment.subscriptionId);
  const shown = user ? showUser(user) : null;
  fungies.emit(type, {
    items: showItems(fungies, payment.items),
    order: order ? plainOrder(order) : null,
    payment: plainPayment(payment),
    user: shown,
    customer: shown,
    ...(subscription ? { subscription: plainSubscription(subscription) } : {}),
  });
}

/** `stale` is laid over: a creation is often told before its payment settles. */
export function emitSubscription(
  fungies: FungiesContext,
  type: SubscriptionEvent,
  subscription: Subscription,
  stale: { subscription?: object; lastPayment?: object } = {},
): void {
  const user = fungies.users.get(subscription.userId);
  const payment = subscription.lastPaymentId === null ? undefined : fungies.payments.get(subscription.lastPaymentId);
  fungies.emit(type, {
    items: showItems(fungies, subscription.items),
    user: user ? showUser(user) : null,
    subscription: { ...plainSubscription(subscription), ...stale.subscription },
    lastPayment: payment ? { ...plainPayment(payment), ...stale.lastPayment } : null,
  });
}
