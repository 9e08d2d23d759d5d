import type { FungiesContext } from './context.ts';
import { decimalsOf } from './money.ts';
import type { Item, Order, Payment, Subscription, User } from './objects.ts';

export function showUser(user: User): object {
  const { id, email, username, internalId, details } = user;
  return { object: 'user', id, email, username, internalId, details, ...user.overrides };
}

/** A user as nested in other objects: without e-mail. */
function userReference(fungies: FungiesContext, id: string): object | null {
  const user = fungies.users.get(id);
  return user ? { object: 'user', id, username: user.username } : null;
}

export function showItem(fungies: FungiesContext, item: Item): object {
  const offer = item.offerId === null ? undefined : fungies.offers.get(item.offerId);
  const product = offer && fungies.products.get(offer.productId);
  const variant = product?.variants.find(({ id }) => id === offer?.variantId);
  const plan = product?.plans.find(({ id }) => id === offer?.variantId);
  return {
    object: 'item',
    id: item.id,
    name: item.name,
    quantity: item.quantity,
    value: item.value,
    currency: item.currency,
    product: product ? { object: 'product', id: product.id, type: product.type, internalId: product.internalId } : null,
    offer: offer ? { object: 'offer', id: offer.id, internalId: offer.internalId } : null,
    variant: variant ? { object: 'variant', ...variant } : null,
    plan: plan ? { object: 'plan', ...plan } : null,
    customFields: item.customFields,
    ...item.overrides,
  };
}

export const showItems = (fungies: FungiesContext, items: readonly Item[]): object[] =>
  items.map((item) => showItem(fungies, item));

/** An order as events carry it; the API adds what `showOrder` nests. */
export function plainOrder(order: Order): object {
  const { id, number, status, value, tax, fee, totalItems, country, currency, createdAt, userId, subscriptionId } =
    order;
  return {
    object: 'order',
    id,
    number,
    orderNumber: number,
    status,
    value,
    tax,
    fee,
    totalItems,
    country,
    currency,
    currencyDecimals: decimalsOf(currency),
    createdAt,
    userId,
    lastPaymentId: order.lastPaymentId,
    ...(subscriptionId === null ? {} : { subscriptionId }),
    ...order.overrides,
  };
}

export function plainPayment(payment: Payment): object {
  const { id, type, number, status, value, tax, fee, currency, createdAt, userId, orderId, subscriptionId } = payment;
  return {
    object: 'payment',
    id,
    number,
    type,
    status,
    value,
    tax,
    fee,
    currency,
    currencyDecimals: decimalsOf(currency),
    createdAt,
    userId,
    orderId,
    subscriptionId,
    ...payment.overrides,
  };
}

export function plainSubscription(subscription: Subscription): object {
  return {
    object: 'subscription',
    id: subscription.id,
    status: subscription.status,
    createdAt: subscription.createdAt,
    currentIntervalStart: subscription.currentIntervalStart,
    currentIntervalEnd: subscription.currentIntervalEnd,
    cancelAtIntervalEnd: subscription.cancelAtIntervalEnd,
    canceledAt: subscription.canceledAt,
    userId: subscription.userId,
    orderId: subscription.orderId,
    orderNumber: subscription.id,
    lastPaymentId: subscription.lastPaymentId,
    ...subscription.overrides,
  };
}

function orderReference(fungies: FungiesContext, id: string | null): object | null {
  const order = id === null ? undefined : fungies.orders.get(id);
  return order ? { object: 'order', id: order.id, number: order.number, status: order.status } : null;
}

function paymentReference(fungies: FungiesContext, id: string | null): object | null {
  const payment = id === null ? undefined : fungies.payments.get(id);
  if (!payment) return null;
  return { object: 'payment', id: payment.id, type: payment.type, number: payment.number, status: payment.status };
}

function subscriptionReference(fungies: FungiesContext, id: string | null): object | null {
  const subscription = id === null ? undefined : fungies.subscriptions.get(id);
  return subscription ? { object: 'subscription', id: subscription.id, status: subscription.status } : null;
}

export function showOrder(fungies: FungiesContext, order: Order): object {
  return {
    ...plainOrder(order),
    user: userReference(fungies, order.userId),
    lastPayment: paymentReference(fungies, order.lastPaymentId),
    subscriptionId: order.subscriptionId,
    subscription: subscriptionReference(fungies, order.subscriptionId),
    ...order.overrides,
  };
}

/** The shape of `charges` is undocumented: one charge with what was taken and what went back. */
function chargesOf(payment: Payment): object[] {
  if (payment.status === 'PENDING' || payment.status === 'UNPAID') return [];
  const returned = payment.refunds.reduce((sum, refund) => sum + refund.amount, 0);
  return [
    {
      object: 'charge',
      id: `ch_${payment.id.replaceAll('-', '')}`,
      status: payment.status === 'FAILED' ? 'failed' : 'succeeded',
      value: payment.value,
      refundedValue: returned,
      currency: payment.currency,
      createdAt: payment.createdAt,
      refunds: payment.refunds.map(({ id, amount, createdAt }) => ({ object: 'refund', id, value: amount, createdAt })),
    },
  ];
}

export function showPayment(fungies: FungiesContext, payment: Payment): object {
  const discount = payment.discountId === null ? undefined : fungies.discounts.get(payment.discountId);
  const order = orderReference(fungies, payment.orderId);
  return {
    ...plainPayment(payment),
    user: userReference(fungies, payment.userId),
    orderNumber: payment.orderId === null ? null : (fungies.orders.get(payment.orderId)?.number ?? null),
    order,
    subscription: subscriptionReference(fungies, payment.subscriptionId),
    discount: discount
      ? { object: 'discount', id: discount.id, name: discount.name, value: payment.discountValue }
      : null,
    invoiceNumber: payment.invoiceNumber,
    invoiceUrl: payment.invoiceNumber === null ? null : `${fungies.storeUrl()}/invoice/${payment.invoiceToken}`,
    charges: chargesOf(payment),
    ...payment.overrides,
  };
}

export function showSubscription(fungies: FungiesContext, subscription: Subscription): object {
  const last = subscription.lastPaymentId === null ? undefined : fungies.payments.get(subscription.lastPaymentId);
  return {
    ...plainSubscription(subscription),
    user: userReference(fungies, subscription.userId),
    order: orderReference(fungies, subscription.orderId),
    lastPaymentNumber: last?.number ?? null,
    lastPayment: paymentReference(fungies, subscription.lastPaymentId),
    ...subscription.overrides,
  };
}
