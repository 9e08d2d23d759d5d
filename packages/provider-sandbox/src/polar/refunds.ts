import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { setGrants } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { failed, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Order, Refund } from './objects.ts';
import { refundableOf, touchOrder } from './order-object.ts';
import { metadata, parse } from './validation.ts';

const REASONS = [
  'duplicate',
  'fraudulent',
  'customer_request',
  'service_disruption',
  'satisfaction_guarantee',
  'other',
] as const;
const refundBody = z.object({
  order_id: z.uuid(),
  amount: z.int().min(1),
  reason: z.enum(REASONS),
  comment: z.string().nullish(),
  revoke_benefits: z.boolean().default(false),
  metadata,
});

interface RefundInput {
  order: Order;
  /** Without tax, minor units. */
  amount: number;
  reason: string;
  revokeBenefits: boolean;
  metadata: Refund['metadata'];
}

function record(polar: PolarContext, made: Refund, order: Order): void {
  polar.sandbox.ledger.record({
    provider: 'polar',
    kind: 'refund',
    id: made.id,
    amount_minor: made.amount + made.tax_amount,
    currency: order.currency,
    status: 'succeeded',
    customer: order.customer_id,
    subscription: order.subscription_id,
    charge: polar.payments.all().find((each) => each.order_id === order.id && each.status === 'succeeded')?.id ?? null,
    metadata: { ...order.metadata, ...made.metadata },
  });
}

/** To the nearest integer, halves to the even one, as Polar's language rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Pays back part of an order with its share of the tax; the last part takes what is left of the tax. */
export function refundOrder(polar: PolarContext, input: RefundInput): Refund {
  const { order, amount } = input;
  const left = refundableOf(order);
  const share = roundHalfEven(amount * (order.tax_amount / order.net_amount));
  const tax = amount === left.net ? left.tax : Math.min(share, left.tax);
  const made = polar.refunds.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    metadata: input.metadata,
    status: 'succeeded',
    reason: input.reason,
    amount,
    tax_amount: tax,
    currency: order.currency,
    organization_id: polar.organizationId(),
    order_id: order.id,
    subscription_id: order.subscription_id,
    customer_id: order.customer_id,
    revoke_benefits: input.revokeBenefits,
    dispute: null,
  });
  order.refunded_amount += amount;
  order.refunded_tax_amount += tax;
  order.status = amount === left.net ? 'refunded' : 'partially_refunded';
  record(polar, made, order);
  polar.emit('refund.created', made);
  touchOrder(polar, order, 'updated', 'refunded');
  if (input.revokeBenefits) {
    setGrants(polar, { customerId: order.customer_id, subscriptionId: null, orderId: order.id }, []);
  }
  return made;
}

function create(polar: PolarContext, body: z.output<typeof refundBody>): Refund {
  const order = polar.orders.get(body.order_id);
  if (!order) throw refuse(['body', 'order_id'], 'Order does not exist.', body.order_id);
  if (order.status === 'refunded') throw failed(403, 'RefundedAlready', 'Order is already fully refunded.');
  if (!order.paid) throw refuse(['body', 'order_id'], 'Order is not paid.', body.order_id);
  if (body.revoke_benefits && order.subscription_id !== null)
    throw failed(
      400,
      'RevokeSubscriptionBenefitsProhibited',
      'Subscription benefits can only be revoked upon cancellation.',
    );
  const left = refundableOf(order).net;
  if (body.amount > left)
    throw refuse(['body', 'amount'], `Refund amount exceeds remaining order balance. Maximum: ${left}`, body.amount);
  const { amount, reason, revoke_benefits: revokeBenefits } = body;
  return refundOrder(polar, { order, amount, reason, revokeBenefits, metadata: body.metadata ?? {} });
}

export function refundRoutes(polar: PolarContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/refunds/',
      operations: ['refunds.create'],
      handle: (request) => ({ status: 201, body: create(polar, parse(refundBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/refunds/',
      operations: ['refunds.list'],
      handle(request) {
        const keep = (doc: Refund): boolean =>
          ['order_id', 'id', 'customer_id', 'subscription_id'].every((name) => oneOf(request, name, doc[name])) &&
          oneOf(request, 'succeeded', doc.status === 'succeeded') &&
          oneOf(request, 'external_customer_id', polar.customers.get(doc.customer_id)?.external_id);
        return { status: 200, body: listPage(request, polar.refunds.newestFirst(), keep, (doc) => doc) };
      },
    },
  ];
}
