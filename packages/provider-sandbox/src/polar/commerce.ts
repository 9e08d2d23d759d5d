import { z } from 'zod';
import { base62, uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import { failed, notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Customer, Order, Payment, Refund } from './objects.ts';
import { showOrder } from './order-object.ts';
import { metadata, organizationId, parse } from './validation.ts';

const sessionBody = z.object({
  customer_id: z.uuid().nullish(),
  external_customer_id: z.string().nullish(),
  return_url: z.url().nullish(),
  member_id: z.string().nullish(),
  external_member_id: z.string().nullish(),
});
const ingestBody = z.object({
  events: z.array(
    z.object({
      name: z.string().min(1).max(128),
      customer_id: z.uuid().nullish(),
      external_customer_id: z.string().nullish(),
      timestamp: z.iso.datetime({ offset: true }).nullish(),
      external_id: z.string().nullish(),
      parent_id: z.string().nullish(),
      metadata: z.record(z.string(), z.unknown()).nullish(),
      organization_id: organizationId,
    }),
  ),
});
const refundBody = z.object({
  order_id: z.uuid(),
  amount: z.int().min(1),
  reason: z.enum([
    'duplicate',
    'fraudulent',
    'customer_request',
    'service_disruption',
    'satisfaction_guarantee',
    'other',
  ]),
  comment: z.string().nullish(),
  revoke_benefits: z.boolean().nullish(),
  metadata,
});

function createSession(polar: PolarContext, body: z.output<typeof sessionBody>): object {
  const customer: Customer | undefined =
    body.customer_id != null
      ? polar.customers.get(body.customer_id)
      : polar.customers.findBy('externalId', body.external_customer_id ?? '')[0];
  if (!customer || customer.deleted_at !== null) {
    const field = body.customer_id != null ? 'customer_id' : 'external_customer_id';
    throw refuse(['body', field], 'Customer does not exist.', body[field]);
  }
  const token = `polar_cst_${base62(43)}`;
  const query = new URLSearchParams({ customer_session_token: token, email: customer.email });
  return {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    token,
    expires_at: new Date(polar.sandbox.clock.nowMs() + 3_600_000).toISOString(),
    return_url: body.return_url ?? null,
    customer_portal_url: `${polar.sandbox.publicUrl()}/polar/${ORGANIZATION_SLUG}/portal?${query.toString()}`,
    customer_id: customer.id,
    customer,
  };
}

function ingest(polar: PolarContext, body: z.output<typeof ingestBody>): object {
  body.events.forEach((event, at) => {
    if (event.customer_id == null && event.external_customer_id == null)
      throw refuse(['body', 'events', at, 'external_customer_id'], 'Field required', event, 'missing');
    if (event.customer_id != null && !polar.customers.get(event.customer_id))
      throw refuse(['body', 'events', at, 'customer_id'], 'Customer does not exist.', event.customer_id);
  });
  let duplicates = 0;
  for (const event of body.events) {
    const id = event.external_id ?? uuid();
    // An external id counts once, for ever.
    if (polar.usage.get(id)) duplicates += 1;
    else polar.usage.put({ ...event, id, customer: event.customer_id ?? event.external_customer_id ?? '' });
  }
  return { inserted: body.events.length - duplicates, duplicates };
}

function refund(polar: PolarContext, body: z.output<typeof refundBody>): Refund {
  const order = polar.orders.get(body.order_id);
  if (!order) throw refuse(['body', 'order_id'], 'Order does not exist.', body.order_id);
  if (order.status === 'refunded') throw failed(403, 'RefundedAlready', 'Order is already fully refunded.');
  if (!order.paid) throw refuse(['body', 'order_id'], 'Order is not paid.', body.order_id);
  if (body.revoke_benefits === true && order.subscription_id !== null)
    throw failed(
      400,
      'RevokeSubscriptionBenefitsProhibited',
      'Subscription benefits can only be revoked upon cancellation.',
    );
  const left = order.net_amount - order.refunded_amount;
  if (body.amount > left)
    throw refuse(['body', 'amount'], `Refund amount exceeds remaining order balance. Maximum: ${left}`, body.amount);
  const tax = order.net_amount === 0 ? 0 : Math.round((order.tax_amount * body.amount) / order.net_amount);
  const made: Refund = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    metadata: body.metadata ?? {},
    status: 'succeeded',
    reason: body.reason,
    amount: body.amount,
    tax_amount: tax,
    currency: order.currency,
    organization_id: polar.organizationId(),
    order_id: order.id,
    subscription_id: order.subscription_id,
    customer_id: order.customer_id,
    revoke_benefits: body.revoke_benefits ?? false,
    dispute: null,
  };
  polar.refunds.put(made);
  order.refunded_amount += body.amount;
  order.refunded_tax_amount += tax;
  order.status = order.refunded_amount === order.net_amount ? 'refunded' : 'partially_refunded';
  order.modified_at = polar.now();
  polar.orders.put(order);
  polar.sandbox.ledger.record({
    provider: 'polar',
    kind: 'refund',
    id: made.id,
    amount_minor: made.amount + tax,
    currency: order.currency,
    status: 'succeeded',
    customer: order.customer_id,
    metadata: { ...order.metadata, ...made.metadata },
  });
  polar.emit('refund.created', made);
  polar.emit('order.updated', showOrder(polar, order));
  polar.emit('order.refunded', showOrder(polar, order));
  return made;
}

export function commerceRoutes(polar: PolarContext): Route[] {
  const externalIdOf = (customerId: string | null): string | null =>
    customerId === null ? null : (polar.customers.get(customerId)?.external_id ?? null);
  return [
    {
      method: 'post',
      path: '/v1/customer-sessions/',
      operations: ['customer_sessions.create'],
      handle: (request) => ({ status: 201, body: createSession(polar, parse(sessionBody, request)) }),
    },
    {
      method: 'post',
      path: '/v1/events/ingest',
      operations: ['events.ingest'],
      handle: (request) => ({ status: 200, body: ingest(polar, parse(ingestBody, request)) }),
    },
    {
      method: 'post',
      path: '/v1/refunds/',
      operations: ['refunds.create'],
      handle: (request) => ({ status: 201, body: refund(polar, parse(refundBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/refunds/',
      operations: ['refunds.list'],
      handle(request) {
        const keep = (doc: Refund): boolean =>
          oneOf(request, 'order_id', doc.order_id) &&
          oneOf(request, 'id', doc.id) &&
          oneOf(request, 'customer_id', doc.customer_id) &&
          oneOf(request, 'subscription_id', doc.subscription_id);
        return { status: 200, body: listPage(request, polar.refunds.newestFirst(), keep, (doc) => doc) };
      },
    },
    {
      method: 'get',
      path: '/v1/orders/',
      operations: ['orders.list'],
      handle(request) {
        const keep = (doc: Order): boolean =>
          ['customer_id', 'product_id', 'checkout_id', 'subscription_id', 'status', 'discount_id'].every((name) =>
            oneOf(request, name, doc[name]),
          ) && oneOf(request, 'external_customer_id', externalIdOf(doc.customer_id));
        return {
          status: 200,
          body: listPage(request, polar.orders.newestFirst(), keep, (doc) => showOrder(polar, doc)),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/orders/:id',
      operations: ['orders.get'],
      handle(request) {
        const order = polar.orders.get(request.params['id'] ?? '');
        if (!order) throw notFound();
        return { status: 200, body: showOrder(polar, order) };
      },
    },
    {
      method: 'get',
      path: '/v1/payments/',
      operations: ['payments.list'],
      handle(request) {
        const keep = (doc: Payment): boolean =>
          ['checkout_id', 'order_id', 'customer_id', 'status', 'method'].every((name) =>
            oneOf(request, name, doc[name]),
          );
        return {
          status: 200,
          body: listPage(request, polar.payments.newestFirst(), keep, ({ customer_id: _customer, ...doc }) => doc),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/payments/:id',
      operations: ['payments.get'],
      handle(request) {
        const found = polar.payments.get(request.params['id'] ?? '');
        if (!found) throw notFound();
        const { customer_id: _customer, ...payment } = found;
        return { status: 200, body: payment };
      },
    },
  ];
}
