import type { PayRequest } from '../cashier.ts';
import type { Card } from '../core/cards.ts';
import { addInterval } from '../core/duration.ts';
import { type FungiesContext, newNumber } from './context.ts';
import { emitPayment, emitSubscription } from './events.ts';
import { newSubscription } from './lifecycle.ts';
import type { Order, Payment, Sale, Subscription, User } from './objects.ts';
import { newOrder, newPayment, newUser, settlePayment } from './records.ts';
import { type Basket, basketOf } from './sales.ts';

type Buyer = Pick<PayRequest, 'email' | 'name' | 'country'>;

/** One account per e-mail address: a second purchase finds the first one's, and updates its card and address. */
function userFor(fungies: FungiesContext, sale: Sale, buyer: Buyer, card: Card): User {
  const email = sale.email ?? buyer.email ?? '';
  const [typedFirst = null, ...typedLast] = buyer.name?.trim().split(/\s+/) ?? [];
  const user = fungies.users.findBy('email', email.toLowerCase())[0] ?? newUser(fungies, { email });
  user.details = {
    ...user.details,
    type: 'individual',
    firstName: sale.firstName ?? typedFirst,
    lastName: sale.lastName ?? (typedLast.join(' ') || null),
    countryCode: sale.country ?? buyer.country,
    state: sale.region,
    city: sale.city,
    postalCode: sale.zipCode,
  };
  user.card = card;
  user.hasProviderCustomer = true;
  return fungies.users.put(user);
}

interface Purchase {
  order: Order;
  payment: Payment;
  basket: Basket;
}

function place(fungies: FungiesContext, sale: Sale, buyer: Buyer, card: Card): Purchase {
  const basket = basketOf(fungies, sale);
  const user = userFor(fungies, sale, buyer, card);
  const number = newNumber();
  const country = sale.country ?? buyer.country;
  const order = newOrder(fungies, { number, user, items: basket.items, value: basket.due, country });
  const isFree = basket.due === 0 && !basket.isTrial;
  const payment = newPayment(fungies, {
    type: basket.offer ? 'subscription_initial' : isFree ? 'claim_free' : 'one_time',
    number,
    userId: user.id,
    orderId: order.id,
    subscriptionId: null,
    items: basket.items,
    value: basket.due,
    discount: basket.discount && { id: basket.discount.discount.id, value: basket.discount.value },
  });
  order.lastPaymentId = payment.id;
  fungies.orders.put(order);
  return { order, payment, basket };
}

function subscribe(fungies: FungiesContext, { order, basket }: Purchase): Subscription | null {
  const { offer } = basket;
  if (!offer?.recurringInterval) return null;
  const now = fungies.now();
  const period = { unit: offer.recurringInterval, count: offer.recurringIntervalCount ?? 1 };
  const trial = offer.trialInterval && { unit: offer.trialInterval, count: offer.trialIntervalCount ?? 1 };
  const first = trial ?? period;
  const end = addInterval(now, first.unit, first.count);
  return newSubscription(fungies, {
    order,
    items: basket.items,
    period,
    createdAt: now,
    currentIntervalEnd: end,
    anchorDay: new Date(trial ? end : now).getUTCDate(),
    isTrial: trial !== null,
  });
}

/** The two events of a first purchase come in either order, and the creation may tell of a payment still pending. */
function tellFirstPurchase(fungies: FungiesContext, subscription: Subscription, payment: Payment): void {
  const { firstPurchaseOrder } = fungies.settings();
  const alternate = fungies.subscriptions.size % 2 === 1;
  const createdFirst = firstPurchaseOrder === 'alternate' ? alternate : firstPurchaseOrder === 'subscription_first';
  const stale = subscription.status === 'trialing' ? {} : { subscription: { status: 'incomplete' } };
  const created = (): void =>
    emitSubscription(fungies, 'subscription_created', subscription, {
      ...stale,
      lastPayment: { status: 'PENDING' },
    });
  if (createdFirst) created();
  emitPayment(fungies, 'payment_success', payment);
  if (!createdFirst) created();
}

export function paySale(fungies: FungiesContext, sale: Sale, buyer: Buyer, card: Card): void {
  const purchase = place(fungies, sale, buyer, card);
  const { order, payment, basket } = purchase;
  const subscription = subscribe(fungies, purchase);
  payment.subscriptionId = subscription?.id ?? null;
  payment.interval = subscription && { start: subscription.currentIntervalStart, end: subscription.currentIntervalEnd };
  order.status = 'PAID';
  fungies.orders.put(order);
  settlePayment(fungies, payment, 'PAID');
  for (const id of sale.offerIds) {
    const offer = fungies.offers.get(id);
    if (offer) fungies.offers.put(Object.assign(offer, { soldItems: offer.soldItems + sale.quantity }));
  }
  if (basket.discount) {
    const { discount } = basket.discount;
    fungies.discounts.put(Object.assign(discount, { purchases: discount.purchases + 1 }));
  }
  fungies.sales.put(Object.assign(sale, { state: 'complete', orderId: order.id }));
  if (subscription) tellFirstPurchase(fungies, subscription, payment);
  else emitPayment(fungies, 'payment_success', payment);
}

/** A declined attempt leaves a failed order and payment; the page stays open for another card. */
export function declineSale(fungies: FungiesContext, sale: Sale, buyer: Buyer, card: Card): void {
  const { order, payment } = place(fungies, sale, buyer, card);
  fungies.orders.put(Object.assign(order, { status: 'FAILED' }));
  settlePayment(fungies, payment, 'FAILED');
  emitPayment(fungies, 'payment_failed', payment);
}
