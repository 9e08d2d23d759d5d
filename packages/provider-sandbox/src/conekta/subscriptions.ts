import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { requireCustomer } from './customers.ts';
import { invalid, notFound, precondition } from './errors.ts';
import { listPage } from './listing.ts';
import type { Subscription } from './objects.ts';
import {
  cancel,
  chargeCycle,
  planRetry,
  requirePlan,
  resumeBilling,
  retryCycle,
  startSubscription,
} from './subscription-cycle.ts';
import { showSubscription } from './subscription-object.ts';
import { parse } from './validation.ts';

export const subscriptionBody = z.strictObject({
  plan_id: z.string(),
  card_id: z.string().optional(),
  trial_end: z.int().optional(),
});
const updateBody = subscriptionBody.partial();

function requireCard(conekta: ConektaContext, customerId: string, cardId: string): string {
  const source = conekta.sources.get(cardId);
  if (source?.parent_id !== customerId || source.type !== 'card') throw notFound('Card', cardId);
  return cardId;
}

/** Earlier subscriptions stay. A failed first charge still answers 200, with past_due. */
export function subscribe(
  conekta: ConektaContext,
  customerId: string,
  body: z.output<typeof subscriptionBody>,
): Subscription {
  const customer = requireCustomer(conekta, customerId);
  const plan = requirePlan(conekta, body.plan_id);
  const cardId = body.card_id ?? customer.default_payment_source_id;
  if (cardId === null)
    throw precondition(
      'subscription.customer_has_no_card',
      'The customer has no card to subscribe with.',
      'El cliente no tiene una tarjeta para suscribirse.',
    );
  const subscription = startSubscription(conekta, {
    customerId,
    plan,
    cardId: requireCard(conekta, customerId, cardId),
    trialEnd: trialEndOf(conekta, body.trial_end),
  });
  if (subscription.trial_end === null && !chargeCycle(conekta, subscription, plan))
    planRetry(conekta, subscription, plan);
  return subscription;
}

function trialEndOf(conekta: ConektaContext, given: number | undefined): number | null {
  if (given === undefined) return null;
  if (given > conekta.now()) return given;
  throw invalid('trial_end', 'range', 'trial_end must be in the future.', 'trial_end debe ser una fecha futura.');
}

export function pauseSubscription(conekta: ConektaContext, subscription: Subscription): void {
  Object.assign(subscription, { status: 'paused', paused_at: conekta.now() });
  conekta.subscriptions.put(subscription);
  conekta.emit('subscription.paused', showSubscription(subscription));
}

export function resumeSubscription(conekta: ConektaContext, subscription: Subscription): void {
  const inTrial = subscription.trial_end !== null && subscription.trial_end > conekta.now();
  Object.assign(subscription, { status: inTrial ? 'in_trial' : 'active', paused_at: null });
  conekta.subscriptions.put(subscription);
  resumeBilling(conekta, subscription);
  conekta.emit('subscription.resumed', showSubscription(subscription));
}

type Action = 'cancel' | 'pause' | 'resume' | 'retry';

const ALLOWED: Record<Action, readonly Subscription['status'][]> = {
  cancel: ['in_trial', 'active', 'past_due', 'paused'],
  pause: ['in_trial', 'active', 'past_due'],
  resume: ['paused'],
  retry: ['past_due'],
};

function act(conekta: ConektaContext, subscription: Subscription, action: Action): Subscription {
  if (!ALLOWED[action].includes(subscription.status))
    throw precondition(
      `subscription.cannot_${action}`,
      `A ${subscription.status} subscription does not ${action}.`,
      `La suscripción está en ${subscription.status} y no admite esta operación.`,
    );
  if (action === 'cancel') cancel(conekta, subscription, 'requested_by_client');
  else if (action === 'pause') pauseSubscription(conekta, subscription);
  else if (action === 'resume') resumeSubscription(conekta, subscription);
  else retryCycle(conekta, subscription);
  return subscription;
}

function update(conekta: ConektaContext, subscription: Subscription, body: z.output<typeof updateBody>): Subscription {
  if (subscription.status === 'canceled')
    throw precondition('subscription.canceled', 'The subscription is canceled.', 'La suscripción está cancelada.');
  if (body.plan_id !== undefined) subscription.plan_id = requirePlan(conekta, body.plan_id).id;
  if (body.card_id !== undefined) subscription.card_id = requireCard(conekta, subscription.customer_id, body.card_id);
  const trialEnd = trialEndOf(conekta, body.trial_end);
  if (trialEnd !== null) {
    Object.assign(subscription, {
      trial_start: subscription.trial_start ?? conekta.now(),
      trial_end: trialEnd,
      billing_cycle_end: trialEnd,
      status: 'in_trial',
    });
    resumeBilling(conekta, subscription);
  }
  conekta.subscriptions.put(subscription);
  conekta.emit('subscription.updated', showSubscription(subscription));
  return subscription;
}

/** Its own events, and those of the orders its cycles made. */
function eventsOf(conekta: ConektaContext, request: ApiRequest, subscription: Subscription): object {
  const ids = new Set([subscription.id, ...conekta.orders.findBy('subscription', subscription.id).map(({ id }) => id)]);
  return listPage(
    request,
    conekta.events.newestFirst(),
    conekta.sandbox.publicUrl(),
    ({ object_id: id }) => typeof id === 'string' && ids.has(id),
    ({ object_id: _id, ...event }) => event,
  );
}

interface Addressing {
  path: string;
  /** What follows the path for one subscription. */
  one: string;
  customerOf: (request: ApiRequest) => string;
  find: (request: ApiRequest) => Subscription;
}

const ACTIONS: readonly Action[] = ['cancel', 'pause', 'resume', 'retry'];

function routesAt(conekta: ConektaContext, { path, one, customerOf, find }: Addressing): Route[] {
  const shown = (subscription: Subscription) => ({ status: 200, body: showSubscription(subscription) });
  return [
    {
      method: 'post',
      path,
      operations: ['subscriptions.create'],
      handle: (request) => shown(subscribe(conekta, customerOf(request), parse(subscriptionBody, request))),
    },
    {
      method: 'get',
      path: `${path}${one}`,
      operations: ['subscriptions.get'],
      handle: (request) => shown(find(request)),
    },
    {
      method: 'put',
      path: `${path}${one}`,
      operations: ['subscriptions.update'],
      handle: (request) => shown(update(conekta, find(request), parse(updateBody, request))),
    },
    {
      method: 'get',
      path: `${path}${one}/events`,
      operations: ['subscriptions.events'],
      handle: (request) => ({ status: 200, body: eventsOf(conekta, request, find(request)) }),
    },
    ...ACTIONS.map((action): Route => ({
      method: 'post',
      path: `${path}${one}/${action}`,
      operations: [`subscriptions.${action}`],
      handle: (request) => shown(act(conekta, find(request), action)),
    })),
  ];
}

/** The plural routes, and the deprecated singular ones, which mean the customer's latest subscription. */
export function subscriptionRoutes(conekta: ConektaContext): Route[] {
  const customerOf = (request: ApiRequest): string => request.params['customer'] ?? '';
  const plural = '/customers/:customer/subscriptions';
  return [
    {
      method: 'get',
      path: plural,
      operations: ['subscriptions.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          conekta.subscriptions.findBy('customer', requireCustomer(conekta, customerOf(request)).id).reverse(),
          conekta.sandbox.publicUrl(),
          () => true,
          showSubscription,
        ),
      }),
    },
    ...routesAt(conekta, {
      path: plural,
      one: '/:id',
      customerOf,
      find(request) {
        const id = request.params['id'] ?? '';
        const subscription = conekta.subscriptions.get(id);
        if (subscription?.customer_id !== customerOf(request)) throw notFound('Subscription', id);
        return subscription;
      },
    }),
    ...routesAt(conekta, {
      path: '/customers/:customer/subscription',
      one: '',
      customerOf,
      find(request) {
        const customer = requireCustomer(conekta, customerOf(request));
        const latest = conekta.subscriptions.findBy('customer', customer.id).at(-1);
        if (!latest) throw notFound('Subscription', customer.id);
        return latest;
      },
    }),
  ];
}
