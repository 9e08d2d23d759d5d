import { judgeCard } from '../core/cards.ts';
import type { PortalAction, PortalDesk, PortalResult, PortalView } from '../portal.ts';
import type { FungiesContext } from './context.ts';
import { endAtInterval, isOver } from './lifecycle.ts';
import type { Subscription, User } from './objects.ts';
import { totalOf } from './records.ts';

/** Where a customer types an e-mail address. */
export const SIGN_IN_PATH = '/fungies/store/portal';
/** Where that leads: its own address, for the shared portal pages answer for everything below theirs. */
export const PORTAL_PATH = '/fungies/store/customers';

function subscriptionView(subscription: Subscription): PortalView['subscriptions'][number] {
  const { unit, count } = subscription.period;
  return {
    id: subscription.id,
    title: subscription.items.map(({ name }) => name).join(', '),
    status: subscription.status,
    amountMinor: totalOf(subscription.items),
    currency: subscription.items[0]?.currency ?? 'USD',
    interval: count === 1 ? unit : `${count} ${unit}s`,
    periodEndsAtMs: isOver(subscription) ? null : subscription.currentIntervalEnd,
    endsAtMs: subscription.cancelAtIntervalEnd ? subscription.currentIntervalEnd : null,
    cancelsAtOnce: false,
    // Neither the API nor the portal can take a cancellation back.
    actions: isOver(subscription) || subscription.cancelAtIntervalEnd ? [] : ['cancel'],
  };
}

function viewOf(fungies: FungiesContext, user: User): PortalView {
  const { firstName, lastName } = user.details ?? {};
  const name = [firstName, lastName].filter((part) => typeof part === 'string').join(' ');
  const payments = fungies.payments.findBy('user', user.id).reverse();
  return {
    provider: 'fungies',
    merchant: 'Sandbox Store',
    customer: { name: name === '' ? user.username : name, email: user.email },
    locale: 'en-US',
    returnUrl: null,
    subscriptions: fungies.subscriptions.findBy('user', user.id).reverse().map(subscriptionView),
    invoices: payments.map((payment) => ({
      id: payment.id,
      number: payment.invoiceNumber ?? payment.number,
      atMs: payment.createdAt,
      amountMinor: payment.value,
      currency: payment.currency,
      status: payment.status,
      url: payment.invoiceNumber === null ? null : `${fungies.storeUrl()}/invoice/${payment.invoiceToken}`,
    })),
    paymentMethods: user.card
      ? [{ id: 'default', label: `${user.card.brand} •••• ${user.card.last4}`, isDefault: true, canRemove: false }]
      : [],
    canAddCard: true,
  };
}

function act(fungies: FungiesContext, user: User, action: PortalAction): PortalResult {
  if (action.kind === 'add_card') {
    const { card, decline } = judgeCard('fungies', action.card);
    if (decline) return { kind: 'declined', decline };
    fungies.users.put(Object.assign(user, { card, hasProviderCustomer: true }));
    return { kind: 'done' };
  }
  if (action.kind !== 'cancel') return { kind: 'refused', message: 'This is not possible here.' };
  const subscription = fungies.subscriptions.get(action.subscriptionId);
  if (subscription?.userId !== user.id || isOver(subscription) || subscription.cancelAtIntervalEnd)
    return { kind: 'refused', message: 'This subscription cannot be canceled.' };
  endAtInterval(fungies, subscription);
  return { kind: 'done' };
}

/** The real portal logs a person in by e-mail; here the user's id stands for that session. */
export function createFungiesPortal(fungies: FungiesContext): PortalDesk {
  return {
    provider: 'fungies',
    find(token) {
      const user = fungies.users.get(token);
      return user ? viewOf(fungies, user) : null;
    },
    act(token, action) {
      const user = fungies.users.get(token);
      return user ? act(fungies, user, action) : { kind: 'refused', message: 'This link has expired.' };
    },
  };
}
