import { faultyCardFields, judgeCard } from '../core/cards.ts';
import type { PortalAction, PortalDesk, PortalResult, PortalView } from '../portal.ts';
import type { PolarContext } from './context.ts';
import { PolarFailure } from './errors.ts';
import { INVOICE_PATH } from './invoices.ts';
import type { Customer, Subscription } from './objects.ts';
import { settingsOf } from './organization.ts';
import { isInUse, removePaymentMethod, saveCard } from './payment-methods.ts';
import { sessionOf } from './sessions.ts';
import { resume, retryPayment } from './subscription-cycle.ts';
import { setEnding, setPausing } from './subscription-updates.ts';

type SubscriptionAction = PortalView['subscriptions'][number]['actions'][number];

const refused = (message: string): PortalResult => ({ kind: 'refused', message });

function actionsOf(polar: PolarContext, subscription: Subscription): SubscriptionAction[] {
  const { status, cancel_at_period_end: isEnding } = subscription;
  const canPause = settingsOf(polar).portalPause;
  if (status === 'paused') return canPause ? ['resume'] : [];
  if (!['active', 'trialing', 'past_due'].includes(status)) return [];
  if (isEnding) return ['undo_cancel'];
  return status === 'active' && canPause && !subscription.pause_at_period_end ? ['cancel', 'pause'] : ['cancel'];
}

function viewOf(polar: PolarContext, customer: Customer, returnUrl: string | null): PortalView {
  const subscriptions = polar.subscriptions.findBy('customer', customer.id).reverse();
  const orders = polar.orders.findBy('customer', customer.id).reverse();
  const ms = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));
  return {
    provider: 'polar',
    merchant: settingsOf(polar).name,
    customer: { name: customer.name, email: customer.email },
    locale: typeof customer['locale'] === 'string' ? customer['locale'] : 'en',
    returnUrl,
    subscriptions: subscriptions.map((own) => ({
      id: own.id,
      title: polar.products.get(own.product_id)?.name ?? 'Product',
      status: own.status,
      amountMinor: own.amount,
      currency: own.currency.toUpperCase(),
      interval:
        own.recurring_interval_count === 1
          ? own.recurring_interval
          : `${own.recurring_interval_count} ${own.recurring_interval}s`,
      periodEndsAtMs: ms(own.current_period_end),
      endsAtMs: ms(own.ends_at),
      cancelsAtOnce: false,
      actions: actionsOf(polar, own),
    })),
    invoices: orders
      .filter((order) => order.status !== 'draft')
      .map((order) => ({
        id: order.id,
        number: order.invoice_number,
        atMs: Date.parse(order.created_at),
        amountMinor: order.total_amount,
        currency: order.currency.toUpperCase(),
        status: order.status,
        url: `${polar.sandbox.publicUrl()}${INVOICE_PATH}/${order.internal.secret}`,
      })),
    paymentMethods: polar.paymentMethods.findBy('customer', customer.id).map((method) => ({
      id: method.id,
      label: `${method.card.brand} •••• ${method.card.last4}`,
      isDefault: customer.default_payment_method_id === method.id,
      canRemove: !isInUse(polar, method),
    })),
    canAddCard: true,
  };
}

function addCard(polar: PolarContext, customer: Customer, action: PortalAction & { kind: 'add_card' }): PortalResult {
  const faulty = faultyCardFields(action.card, polar.sandbox.clock.nowMs());
  if (faulty.length > 0) return refused(`Check the card's ${faulty.join(', ')}.`);
  const verdict = judgeCard('polar', action.card);
  if (verdict.decline) return { kind: 'declined', decline: verdict.decline };
  const method = saveCard(polar, customer, verdict.card, true);
  for (const subscription of polar.subscriptions.findBy('customer', customer.id)) {
    if (action.subscriptionId !== null && subscription.id !== action.subscriptionId) continue;
    subscription.internal.paymentMethodId = method.id;
    polar.subscriptions.put(subscription);
    if (subscription.status === 'past_due') retryPayment(polar, subscription, 'retry_payment_method_update');
  }
  return { kind: 'done' };
}

function changePaymentMethod(polar: PolarContext, customer: Customer, id: string, remove: boolean): PortalResult {
  const method = polar.paymentMethods.get(id);
  if (method?.customer_id !== customer.id) return refused('No such payment method.');
  if (!remove) {
    customer.default_payment_method_id = id;
    polar.customers.put(customer);
    return { kind: 'done' };
  }
  if (isInUse(polar, method)) return refused('This payment method is used by an active subscription.');
  removePaymentMethod(polar, method);
  return { kind: 'done' };
}

function changeSubscription(
  polar: PolarContext,
  customer: Customer,
  action: { kind: SubscriptionAction; subscriptionId: string },
): PortalResult {
  const subscription = polar.subscriptions.get(action.subscriptionId);
  if (subscription?.customer_id !== customer.id) return refused('No such subscription.');
  if (!actionsOf(polar, subscription).includes(action.kind)) return refused('This cannot be done now.');
  switch (action.kind) {
    case 'cancel':
    case 'undo_cancel':
      setEnding(polar, subscription, action.kind === 'cancel', { reason: null, comment: null });
      break;
    case 'pause':
      setPausing(polar, subscription, true, null);
      break;
    case 'resume':
      resume(polar, subscription);
      break;
  }
  return { kind: 'done' };
}

/** The customer portal behind `customer_portal_url`; the token is the session's. */
export function createPolarPortal(polar: PolarContext): PortalDesk {
  function act(customer: Customer, action: PortalAction): PortalResult {
    switch (action.kind) {
      case 'add_card':
        return addCard(polar, customer, action);
      case 'remove_payment_method':
      case 'use_payment_method':
        return changePaymentMethod(polar, customer, action.paymentMethodId, action.kind === 'remove_payment_method');
      case 'cancel':
      case 'undo_cancel':
      case 'pause':
      case 'resume':
        return changeSubscription(polar, customer, { kind: action.kind, subscriptionId: action.subscriptionId });
    }
  }
  return {
    provider: 'polar',
    find(token) {
      const session = sessionOf(polar, token);
      const customer = session && polar.customers.get(session.customer_id);
      return session && customer ? viewOf(polar, customer, session.return_url) : null;
    },
    act(token, action) {
      const session = sessionOf(polar, token);
      const customer = session && polar.customers.get(session.customer_id);
      if (!customer) return refused('This link has expired.');
      try {
        return act(customer, action);
      } catch (error) {
        if (error instanceof PolarFailure) return refused(error.message);
        throw error;
      }
    },
  };
}
