import { judgeCard, type CardInput } from '../../core/cards.ts';
import type { PortalAction, PortalDesk, PortalResult, PortalView } from '../../portal.ts';
import { amountFor } from '../billing/price-amount.ts';
import { currentEnd } from '../billing/subscription-object.ts';
import { emitUpdated, isEnded } from '../billing/lifecycle.ts';
import {
  cancelSubscription,
  pauseSubscription,
  resumeSubscription,
  updateSubscription,
} from '../billing/update-subscription.ts';
import type { StripeContext } from '../context.ts';
import { StripeFailure } from '../errors.ts';
import type { Customer, PaymentMethod, PortalConfiguration, PortalSession, Subscription } from '../objects.ts';
import { cardOf, newPageCard } from '../payments/method-object.ts';
import { detachMethod } from '../payments/method-routes.ts';

/** A link is good for five minutes unused and an hour of use; here simply an hour. */
const LIFETIME_S = 3600;

interface Opened {
  session: PortalSession;
  customer: Customer;
  configuration: PortalConfiguration;
}

const allows = ({ configuration }: Opened, feature: string): boolean =>
  configuration.features[feature]?.['enabled'] === true;

function actionsOf(opened: Opened, subscription: Subscription): PortalView['subscriptions'][number]['actions'] {
  if (subscription.status === 'paused') return allows(opened, 'subscription_pause') ? ['resume'] : [];
  const actions: PortalView['subscriptions'][number]['actions'] = [];
  if (subscription.cancel_at_period_end) actions.push('undo_cancel');
  else if (allows(opened, 'subscription_cancel')) actions.push('cancel');
  if (allows(opened, 'subscription_pause') && subscription.status === 'active') actions.push('pause');
  return actions;
}

function labelOf(stripe: StripeContext, method: PaymentMethod): string {
  const card = cardOf(stripe, method);
  return card
    ? `${card.brand} •••• ${card.last4} (${card.expMonth}/${card.expYear})`
    : method.type.replaceAll('_', ' ');
}

function subscriptionView(
  stripe: StripeContext,
  opened: Opened,
  subscription: Subscription,
): PortalView['subscriptions'][number] {
  const items = subscription.items.data;
  const [first] = items;
  return {
    id: subscription.id,
    title: items.map((item) => stripe.products.get(item.price.product)?.name ?? 'Subscription').join(', '),
    status: subscription.status,
    amountMinor: items.reduce((sum, item) => sum + amountFor(item.price, item.quantity), 0),
    currency: subscription.currency.toUpperCase(),
    interval: first?.price.recurring?.interval ?? 'month',
    periodEndsAtMs: currentEnd(subscription) * 1000,
    endsAtMs: subscription.cancel_at === null ? null : subscription.cancel_at * 1000,
    cancelsAtOnce: opened.configuration.features['subscription_cancel']?.['mode'] === 'immediately',
    actions: actionsOf(opened, subscription),
  };
}

function viewOf(stripe: StripeContext, opened: Opened): PortalView {
  const { customer, session } = opened;
  const byDefault = customer.invoice_settings.default_payment_method;
  return {
    provider: 'stripe',
    merchant: 'Sandbox Merchant',
    customer: { name: customer.name, email: customer.email },
    locale: session.locale ?? 'en',
    returnUrl: session.return_url,
    subscriptions: stripe.subscriptions
      .findBy('customer', customer.id)
      .filter((subscription) => !isEnded(subscription))
      .map((subscription) => subscriptionView(stripe, opened, subscription)),
    invoices: !allows(opened, 'invoice_history')
      ? []
      : stripe.invoices
          .findBy('customer', customer.id)
          .filter((invoice) => invoice.status !== 'draft')
          .reverse()
          .map((invoice) => ({
            id: invoice.id,
            number: invoice.number,
            atMs: invoice.created * 1000,
            amountMinor: invoice.total,
            currency: invoice.currency.toUpperCase(),
            status: invoice.status,
            url: invoice.hosted_invoice_url,
          })),
    paymentMethods: stripe.paymentMethods.findBy('customer', customer.id).map((method) => ({
      id: method.id,
      label: labelOf(stripe, method),
      isDefault: method.id === byDefault,
      canRemove: allows(opened, 'payment_method_update') && method.id !== byDefault,
    })),
    canAddCard: allows(opened, 'payment_method_update'),
  };
}

function addCard(
  stripe: StripeContext,
  { customer }: Opened,
  input: CardInput,
  subscriptionId: string | null,
): PortalResult {
  const { card, decline } = judgeCard('stripe', input);
  if (decline) return { kind: 'declined', decline };
  const billing = { email: customer.email, name: customer.name, country: null };
  const method = newPageCard(stripe, { card, customer: customer.id, billing });
  const instrument = stripe.instruments.get(method.id);
  // Whoever adds a card on the page is there to authenticate it.
  if (instrument) stripe.instruments.put({ ...instrument, isSetUp: true });
  stripe.emit('payment_method.attached', method);
  makeDefault(stripe, customer, method.id, subscriptionId);
  return { kind: 'done' };
}

/** The portal's default is the customer's; subscriptions with a method of their own follow it. */
function makeDefault(stripe: StripeContext, customer: Customer, method: string, only: string | null): void {
  const previous = { invoice_settings: structuredClone(customer.invoice_settings) };
  customer.invoice_settings.default_payment_method = method;
  stripe.customers.put(customer);
  stripe.emit('customer.updated', customer, previous);
  for (const subscription of stripe.subscriptions.findBy('customer', customer.id)) {
    const isMeant = only === null || subscription.id === only;
    if (!isMeant || isEnded(subscription) || subscription.default_payment_method === null) continue;
    const before = { default_payment_method: subscription.default_payment_method };
    subscription.default_payment_method = method;
    emitUpdated(stripe, subscription, before);
  }
}

const REFUSED: PortalResult = { kind: 'refused', message: 'This cannot be done here.' };

function changeSubscription(
  stripe: StripeContext,
  opened: Opened,
  kind: 'cancel' | 'undo_cancel' | 'pause' | 'resume',
  id: string,
): PortalResult {
  const subscription = stripe.subscriptions.get(id);
  if (!subscription || subscription.customer !== opened.customer.id || isEnded(subscription)) return REFUSED;
  if (!actionsOf(opened, subscription).includes(kind)) return REFUSED;
  const settings = opened.configuration.features['subscription_cancel'];
  if (kind === 'undo_cancel') updateSubscription(stripe, subscription, { cancel_at_period_end: false });
  else if (kind === 'pause') pauseSubscription(stripe, subscription);
  else if (kind === 'resume') resumeSubscription(stripe, subscription, {});
  else if (settings?.['mode'] === 'immediately') {
    const behavior = settings['proration_behavior'];
    cancelSubscription(stripe, subscription, {
      prorate: behavior !== 'none',
      invoice_now: behavior === 'always_invoice',
    });
  } else updateSubscription(stripe, subscription, { cancel_at_period_end: true });
  return { kind: 'done' };
}

function act(stripe: StripeContext, opened: Opened, action: PortalAction): PortalResult {
  switch (action.kind) {
    case 'cancel':
    case 'undo_cancel':
    case 'pause':
    case 'resume':
      return changeSubscription(stripe, opened, action.kind, action.subscriptionId);
    case 'add_card':
      return allows(opened, 'payment_method_update')
        ? addCard(stripe, opened, action.card, action.subscriptionId)
        : REFUSED;
    case 'remove_payment_method':
    case 'use_payment_method': {
      const method = stripe.paymentMethods.get(action.paymentMethodId);
      if (!method || method.customer !== opened.customer.id) return REFUSED;
      if (action.kind === 'use_payment_method') makeDefault(stripe, opened.customer, method.id, null);
      else detachMethod(stripe, method);
      return { kind: 'done' };
    }
  }
}

export function createStripePortal(stripe: StripeContext): PortalDesk {
  const open = (token: string): Opened | null => {
    const session = stripe.portalSessions.findBy('token', token)[0];
    const customer = session && stripe.customers.get(session.customer);
    const configuration = session && stripe.portalConfigurations.get(session.configuration);
    const isLive = session !== undefined && stripe.now() < session.created + LIFETIME_S;
    return session && customer && !customer.deleted && configuration && isLive
      ? { session, customer, configuration }
      : null;
  };
  return {
    provider: 'stripe',
    find(token) {
      const opened = open(token);
      return opened && viewOf(stripe, opened);
    },
    act(token, action) {
      const opened = open(token);
      if (!opened) return { kind: 'refused', message: 'This link has expired.' };
      try {
        return act(stripe, opened, action);
      } catch (error) {
        if (error instanceof StripeFailure) return { kind: 'refused', message: error.message };
        throw error;
      }
    },
  };
}
