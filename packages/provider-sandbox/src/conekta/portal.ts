import { judgeCard } from '../core/cards.ts';
import { base58, base62, hex } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { PortalAction, PortalDesk, PortalResult, PortalView } from '../portal.ts';
import type { ConektaContext } from './context.ts';
import { newCardSource, requireCustomer } from './customers.ts';
import { notFound } from './errors.ts';
import type { CustomerPortal, Subscription } from './objects.ts';
import { cancel, requirePlan } from './subscription-cycle.ts';
import { pauseSubscription, resumeSubscription } from './subscriptions.ts';
import { cardLabel } from './tokens.ts';

export const PORTAL_PATH = '/conekta/subscription/management';

function requireSubscription(conekta: ConektaContext, id: string): Subscription {
  const subscription = conekta.subscriptions.get(id);
  if (!subscription) throw notFound('Subscription', id);
  return subscription;
}

/** One per subscription: asking again gives the same. */
function portalFor(conekta: ConektaContext, subscription: Subscription): CustomerPortal {
  const known = conekta.portals.findBy('subscription', subscription.id)[0];
  if (known) return known;
  const now = conekta.now();
  return conekta.portals.put({
    id: `scp_${base58(17)}`,
    slug: base62(30),
    subscription_id: subscription.id,
    customer_id: subscription.customer_id,
    livemode: false,
    company_id: hex(24),
    object: 'customer_portal',
    created_at: now,
    updated_at: now,
  });
}

function showPortal(conekta: ConektaContext, portal: CustomerPortal): object {
  const subscription = requireSubscription(conekta, portal.subscription_id);
  const plan = requirePlan(conekta, subscription.plan_id);
  const customer = requireCustomer(conekta, portal.customer_id);
  const source = subscription.card_id === null ? undefined : conekta.sources.get(subscription.card_id);
  return {
    ...portal,
    portal_url: `${conekta.sandbox.publicUrl()}${PORTAL_PATH}/${portal.slug}`,
    subscription: {
      id: subscription.id,
      object: 'subscription',
      status: subscription.status,
      plan_id: plan.id,
      customer_id: customer.id,
      next_billing_cycle: isOver(subscription) ? null : subscription.billing_cycle_end,
      created_at: subscription.created_at,
      updated_at: portal.updated_at,
      ...(source
        ? {
            card: {
              id: source.id,
              object: 'card',
              brand: source['brand'],
              last4: source['last4'],
              exp_month: source['exp_month'],
              exp_year: source['exp_year'],
              name: source['name'],
            },
          }
        : {}),
      plan: {
        id: plan.id,
        object: 'plan',
        name: plan.name,
        amount: plan.amount,
        currency: plan.currency,
        interval: plan.interval,
        frequency: plan.frequency,
      },
    },
    customer: { id: customer.id, object: 'customer', name: customer.name, email: customer.email },
  };
}

const isOver = ({ status }: Subscription): boolean => status === 'canceled' || status === 'expired';

function actionsOf(subscription: Subscription): PortalView['subscriptions'][number]['actions'] {
  if (isOver(subscription)) return [];
  // Cancelling is at once: there is nothing to undo.
  return subscription.status === 'paused' ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

const INTERVALS = { week: 'semana', half_month: 'quincena', month: 'mes', year: 'año' } as const;

function viewOf(conekta: ConektaContext, subscription: Subscription): PortalView {
  const customer = requireCustomer(conekta, subscription.customer_id);
  const plan = requirePlan(conekta, subscription.plan_id);
  const cards = conekta.sources.findBy('customer', customer.id).filter(({ type }) => type === 'card');
  return {
    provider: 'conekta',
    merchant: 'Comercio de pruebas',
    customer: { name: customer.name, email: customer.email },
    locale: 'es-MX',
    returnUrl: null,
    subscriptions: [
      {
        id: subscription.id,
        title: plan.name,
        status: subscription.status,
        amountMinor: plan.amount,
        currency: plan.currency,
        interval: plan.frequency === 1 ? INTERVALS[plan.interval] : `${plan.frequency} × ${INTERVALS[plan.interval]}`,
        periodEndsAtMs: isOver(subscription) ? null : subscription.billing_cycle_end * 1000,
        endsAtMs: subscription.canceled_at === null ? null : subscription.canceled_at * 1000,
        cancelsAtOnce: true,
        actions: actionsOf(subscription),
      },
    ],
    invoices: conekta.orders
      .findBy('subscription', subscription.id)
      .reverse()
      .map((order) => ({
        id: order.id,
        number: null,
        atMs: order.created_at * 1000,
        amountMinor: order.amount,
        currency: order.currency,
        status: order.payment_status ?? 'pending_payment',
        url: null,
      })),
    paymentMethods: cards.flatMap(({ id }) => {
      const card = conekta.vault.get(id)?.card;
      const isDefault = subscription.card_id === id;
      return card ? [{ id, label: cardLabel(card), isDefault, canRemove: !isDefault }] : [];
    }),
    canAddCard: !isOver(subscription),
  };
}

const refused = (message: string): PortalResult => ({ kind: 'refused', message });

function addCard(
  conekta: ConektaContext,
  subscription: Subscription,
  input: Extract<PortalAction, { kind: 'add_card' }>['card'],
): PortalResult {
  const { card, decline, outcome } = judgeCard('conekta', input);
  if (decline) return { kind: 'declined', decline };
  const customer = requireCustomer(conekta, subscription.customer_id);
  const source = newCardSource(conekta, customer, { card, decline: null, challenges: outcome === 'challenge' });
  conekta.subscriptions.put(Object.assign(subscription, { card_id: source.id }));
  return { kind: 'done' };
}

function act(conekta: ConektaContext, subscription: Subscription, action: PortalAction): PortalResult {
  switch (action.kind) {
    case 'add_card':
      return addCard(conekta, subscription, action.card);
    case 'use_payment_method':
    case 'remove_payment_method': {
      const source = conekta.sources.get(action.paymentMethodId);
      if (source?.parent_id !== subscription.customer_id) return refused('No existe esa tarjeta.');
      if (action.kind === 'use_payment_method') {
        conekta.subscriptions.put(Object.assign(subscription, { card_id: source.id }));
        return { kind: 'done' };
      }
      if (source.id === subscription.card_id) return refused('La suscripción usa esta tarjeta.');
      conekta.sources.remove(source.id);
      return { kind: 'done' };
    }
    case 'cancel':
    case 'pause':
    case 'resume': {
      if (action.subscriptionId !== subscription.id || !actionsOf(subscription).includes(action.kind))
        return refused('Esta operación no está disponible.');
      if (action.kind === 'cancel') cancel(conekta, subscription, 'user_cancelation');
      else if (action.kind === 'pause') pauseSubscription(conekta, subscription);
      else resumeSubscription(conekta, subscription);
      return { kind: 'done' };
    }
    case 'undo_cancel':
      return refused('Una cancelación no se puede deshacer.');
  }
}

export function createConektaPortal(conekta: ConektaContext): PortalDesk {
  const find = (slug: string): Subscription | undefined => {
    const portal = conekta.portals.findBy('slug', slug)[0];
    return portal && conekta.subscriptions.get(portal.subscription_id);
  };
  return {
    provider: 'conekta',
    find(slug) {
      const subscription = find(slug);
      return subscription && conekta.customers.get(subscription.customer_id) ? viewOf(conekta, subscription) : null;
    },
    act(slug, action) {
      const subscription = find(slug);
      return subscription ? act(conekta, subscription, action) : refused('Este enlace ya no está disponible.');
    },
  };
}

export function portalRoutes(conekta: ConektaContext): Route[] {
  const path = '/subscriptions/:subscription/customer_portal';
  return [
    {
      method: 'post',
      path,
      operations: ['portal.create'],
      handle(request) {
        const subscription = requireSubscription(conekta, request.params['subscription'] ?? '');
        return { status: 201, body: showPortal(conekta, portalFor(conekta, subscription)) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['portal.get'],
      handle(request) {
        const id = request.params['subscription'] ?? '';
        const portal = conekta.portals.findBy('subscription', id)[0];
        if (!portal) throw notFound('CustomerPortal', id);
        return { status: 200, body: showPortal(conekta, portal) };
      },
    },
  ];
}
