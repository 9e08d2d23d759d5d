import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { inRange, listPage } from './listing.ts';
import type { Session, StoredSession } from './objects.ts';
import { expand, formOf, mergeMetadata, metadata, page, parse, refusePaymentMethodTypes } from './params.ts';
import { SESSION_EXPIRY, createSession } from './session-create.ts';
import { sessionLineItems } from './session-object.ts';
import { sessionCreateParams, sessionListParams } from './session-params.ts';

export function expireSession(stripe: StripeContext, stored: StoredSession): void {
  const { session } = stored;
  session.status = 'expired';
  session.url = null;
  stripe.sessions.put(stored);
  stripe.sandbox.agenda.cancel(SESSION_EXPIRY, session.id);
  stripe.emit('checkout.session.expired', session);
}

export function scheduleSessionExpiry(stripe: StripeContext): void {
  stripe.sandbox.agenda.handle(SESSION_EXPIRY, (id) => {
    const stored = stripe.sessions.get(id);
    if (stored?.session.status === 'open') expireSession(stripe, stored);
  });
}

function listed(stripe: StripeContext, params: z.output<typeof sessionListParams>): Iterable<StoredSession> {
  if (params.payment_intent !== undefined)
    return stripe.sessions.findBy('paymentIntent', params.payment_intent).reverse();
  if (params.subscription !== undefined) return stripe.sessions.findBy('subscription', params.subscription).reverse();
  if (params.customer !== undefined) return stripe.sessions.findBy('customer', params.customer).reverse();
  return stripe.sessions.newestFirst();
}

function* sessionsIn(stored: Iterable<StoredSession>): Generator<Session> {
  for (const { session } of stored) yield session;
}

export function sessionRoutes(stripe: StripeContext): Route[] {
  const found = (id = ''): StoredSession => {
    const stored = stripe.sessions.get(id);
    if (!stored) throw noSuch('checkout.session', id, 'session');
    return stored;
  };
  return [
    {
      method: 'post',
      path: '/v1/checkout/sessions',
      operations: ['checkouts.create'],
      handle(request) {
        const form = formOf(request);
        refusePaymentMethodTypes(form);
        const params = parse(sessionCreateParams, form);
        return { status: 200, body: expanded(stripe, createSession(stripe, params).session, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/checkout/sessions',
      operations: ['checkouts.list'],
      handle(request) {
        const params = parse(sessionListParams, formOf(request));
        const list = listPage(
          sessionsIn(listed(stripe, params)),
          '/v1/checkout/sessions',
          params,
          (doc) =>
            inRange(doc.created, params.created) && (params.status === undefined || doc.status === params.status),
        );
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/checkout/sessions/:id',
      operations: ['checkouts.get'],
      handle(request) {
        const params = parse(z.strictObject({ expand }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request.params['id']).session, params.expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/checkout/sessions/:id',
      operations: ['checkouts.update'],
      handle(request) {
        const stored = found(request.params['id']);
        const params = parse(z.strictObject({ expand, metadata: metadata.optional() }), formOf(request));
        stored.session.metadata = mergeMetadata(stored.session.metadata, params.metadata);
        stripe.sessions.put(stored);
        return { status: 200, body: expanded(stripe, stored.session, params.expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/checkout/sessions/:id/expire',
      operations: ['checkouts.expire'],
      handle(request) {
        const stored = found(request.params['id']);
        const params = parse(z.strictObject({ expand }), formOf(request));
        if (stored.session.status !== 'open') {
          throw invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ' +
              stored.session.status +
              '.',
          );
        }
        expireSession(stripe, stored);
        return { status: 200, body: expanded(stripe, stored.session, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/checkout/sessions/:id/line_items',
      operations: ['checkouts.line_items'],
      handle(request) {
        const params = parse(z.strictObject(page), formOf(request));
        return { status: 200, body: sessionLineItems(found(request.params['id']), params) };
      },
    },
  ];
}
