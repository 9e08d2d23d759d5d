import { hex } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { invalid, notFound, precondition } from './errors.ts';
import type { Charge, Order, Refund } from './objects.ts';
import { showCharge, showOrder } from './order-object.ts';
import { refundBody } from './order-params.ts';
import { requireOrder } from './orders.ts';
import { saveOrder } from './settlement.ts';
import { parse } from './validation.ts';

const CASH_REFUND = 'conekta.cash-refund.collect';
const CASH_REFUND_DAYS_S = 30 * 86_400;
const DAY_S = 86_400;

const live = ({ status }: Refund): boolean => status !== 'canceled';
const refundedOf = (charge: Charge): number => charge.refunds.filter(live).reduce((sum, { amount }) => sum - amount, 0);
const isRefundable = ({ status }: Charge): boolean => status === 'paid' || status === 'partially_refunded';

function record(conekta: ConektaContext, order: Order, refund: Refund): void {
  conekta.sandbox.ledger.record({
    provider: 'conekta',
    kind: 'refund',
    id: refund.id,
    amount_minor: -refund.amount,
    currency: order.currency,
    status: refund.status === 'refunded' ? 'succeeded' : refund.status,
    customer: order.customer_info.customer_id,
    metadata: order.metadata,
  });
}

/** Brings the states of charge and order in line with what has gone back. */
function restate(order: Order, charge: Charge): void {
  const stateOf = (refunded: number, whole: number): string =>
    refunded === 0 ? 'paid' : refunded < whole ? 'partially_refunded' : 'refunded';
  charge.status = stateOf(refundedOf(charge), charge.amount);
  charge['is_refundable'] = charge.status !== 'refunded';
  const collected = order.charges.filter((each) => isRefundable(each) || each.status === 'refunded');
  order.amount_refunded = collected.reduce((sum, each) => sum + refundedOf(each), 0);
  order.payment_status = stateOf(
    order.amount_refunded,
    collected.reduce((sum, { amount }) => sum + amount, 0),
  );
  order['is_refundable'] = order.payment_status !== 'refunded';
}

function refundCharge(
  conekta: ConektaContext,
  order: Order,
  charge: Charge,
  input: { amount: number; reason: string; expiresAt: number | null },
): Refund {
  // Cash is handed out at a store: until then it can be called back.
  const isCash = charge.payment_method['type'] === 'cash';
  const now = conekta.now();
  const refund: Refund = {
    object: 'refund',
    amount: -input.amount,
    id: hex(24),
    created_at: now,
    auth_code: charge.payment_method['auth_code'] ?? null,
    status: isCash ? 'pending' : 'refunded',
    reason: input.reason,
    ...(isCash ? { expires_at: input.expiresAt ?? now + CASH_REFUND_DAYS_S } : {}),
  };
  charge.refunds.push(refund);
  record(conekta, order, refund);
  restate(order, charge);
  if (isCash) {
    conekta.emit('cash_refund.created', { ...refund, order_id: order.id, charge_id: charge.id });
    conekta.sandbox.agenda.plan(CASH_REFUND, refund.id, (now + DAY_S) * 1000);
  }
  // Tells full refunds only; partial ones are told by the order.
  if (charge.status === 'refunded') conekta.emit('charge.refunded', showCharge(charge));
  conekta.orders.put(order);
  return refund;
}

function chargesToRefund(order: Order, chargeId: string | null): Charge[] {
  const charges = order.charges.filter((charge) => chargeId === null || charge.id === chargeId);
  if (chargeId !== null && charges.length === 0) throw notFound('Charge', chargeId);
  const refundable = charges.filter(isRefundable);
  if (refundable.length === 0)
    throw precondition(
      'order.cannot_be_refunded',
      'The order has no charge to refund.',
      'La orden no tiene un cargo que reembolsar.',
    );
  return refundable;
}

export interface RefundInput {
  /** Centavos; null pays back all that is left. */
  amount: number | null;
  chargeId: string | null;
  reason: string;
  expiresAt: number | null;
}

/**
 * Pays back part or all of an order, charge by charge.
 *
 * @throws {ConektaFailure} 428 when nothing was paid, 422 above what is left, 404 for a charge of another order
 */
export function refundOrder(conekta: ConektaContext, order: Order, input: RefundInput): Refund[] {
  const charges = chargesToRefund(order, input.chargeId);
  const left = charges.reduce((sum, charge) => sum + charge.amount - refundedOf(charge), 0);
  const amount = input.amount ?? left;
  if (amount > left)
    throw invalid(
      'amount',
      'range',
      `The amount exceeds what is left to refund (${left}).`,
      `El monto excede lo reembolsable (${left}).`,
    );
  const { reason, expiresAt } = input;
  const refunds: Refund[] = [];
  let rest = amount;
  for (const charge of charges) {
    const part = Math.min(rest, charge.amount - refundedOf(charge));
    if (part > 0) refunds.push(refundCharge(conekta, order, charge, { amount: part, reason, expiresAt }));
    rest -= part;
  }
  saveOrder(conekta, order, order.payment_status ?? 'refunded');
  return refunds;
}

function findRefund(order: Order, id: string): { charge: Charge; refund: Refund } {
  for (const charge of order.charges) {
    const refund = charge.refunds.find((each) => each.id === id);
    if (refund) return { charge, refund };
  }
  throw notFound('Refund', id);
}

function cancelRefund(conekta: ConektaContext, order: Order, id: string): void {
  const { charge, refund } = findRefund(order, id);
  if (refund.status !== 'pending')
    throw precondition(
      'refund.cannot_be_canceled',
      'Only a pending refund can be canceled.',
      'Solo se puede cancelar un reembolso pendiente.',
    );
  refund.status = 'canceled';
  record(conekta, order, refund);
  restate(order, charge);
  conekta.sandbox.agenda.cancel(CASH_REFUND, id);
  conekta.emit('cash_refund.canceled', { ...refund, order_id: order.id, charge_id: charge.id });
  saveOrder(conekta, order, 'updated');
}

/** The payer collects the money a day later. */
export function scheduleRefunds(conekta: ConektaContext): void {
  conekta.sandbox.agenda.handle(CASH_REFUND, (id) => {
    const order = conekta.orders
      .all()
      .find(({ charges }) => charges.some(({ refunds }) => refunds.some((refund) => refund.id === id)));
    if (!order) return;
    const { charge, refund } = findRefund(order, id);
    if (refund.status !== 'pending') return;
    refund.status = 'refunded';
    record(conekta, order, refund);
    conekta.emit('cash_refund.refunded', { ...refund, order_id: order.id, charge_id: charge.id });
    saveOrder(conekta, order);
  });
}

export function refundRoutes(conekta: ConektaContext): Route[] {
  return [
    {
      method: 'post',
      path: '/orders/:id/refunds',
      operations: ['refunds.create'],
      handle(request) {
        const order = requireOrder(conekta, request);
        const body = parse(refundBody, request);
        refundOrder(conekta, order, {
          amount: body.amount ?? null,
          chargeId: body.charge_id ?? null,
          reason: body.reason,
          expiresAt: body.expires_at ?? null,
        });
        return { status: 200, body: showOrder(order) };
      },
    },
    {
      method: 'delete',
      path: '/orders/:id/refunds/:refund',
      operations: ['refunds.cancel'],
      handle(request) {
        const order = requireOrder(conekta, request);
        cancelRefund(conekta, order, request.params['refund'] ?? '');
        return { status: 200, body: showOrder(order) };
      },
    },
  ];
}
