import type { Card, Decline } from '../core/cards.ts';
import type { ConektaContext } from './context.ts';
import type { Charge, Order } from './objects.ts';
import { newCharge, showCharge, showOrder } from './order-object.ts';

export const CHARGE_EXPIRY = 'conekta.charge.expire';
export const CHECKOUT_EXPIRY = 'conekta.checkout.expire';

export function saveOrder(conekta: ConektaContext, order: Order, ...events: string[]): void {
  order.updated_at = conekta.now();
  conekta.orders.put(order);
  for (const type of events) conekta.emit(`order.${type}`, showOrder(order));
}

function record(conekta: ConektaContext, order: Order, charge: Charge): void {
  const status =
    charge.status === 'paid'
      ? 'succeeded'
      : charge.status === 'pending_payment'
        ? 'pending'
        : charge.status === 'declined'
          ? 'failed'
          : 'canceled';
  conekta.sandbox.ledger.record({
    provider: 'conekta',
    kind: 'charge',
    id: charge.id,
    amount_minor: charge.amount,
    currency: order.currency,
    status,
    customer: order.customer_info.customer_id,
    metadata: order.metadata,
  });
}

function markPaid(conekta: ConektaContext, order: Order, charge: Charge): void {
  const now = conekta.now();
  Object.assign(charge, { status: 'paid', paid_at: now, is_refundable: true });
  order.payment_status = 'paid';
  order['is_refundable'] = true;
  if (order.checkout) order.checkout.status = 'Expired';
  conekta.sandbox.agenda.cancel(CHECKOUT_EXPIRY, order.id);
  conekta.sandbox.agenda.cancel(CHARGE_EXPIRY, order.id);
  record(conekta, order, charge);
  conekta.emit('charge.paid', showCharge(charge));
  saveOrder(conekta, order, 'paid');
}

export function chargeCard(
  conekta: ConektaContext,
  order: Order,
  card: Card,
  decline: Decline | null,
  referenceId: string | null = null,
): Charge {
  const charge = newCharge(conekta, order, { method: 'card', card, decline }, referenceId);
  // Seen in every recorded sample: the creation event of a charge paid at once still says declined.
  conekta.emit('charge.created', { ...showCharge(charge), status: 'declined' });
  if (!decline) {
    markPaid(conekta, order, charge);
    return charge;
  }
  order.payment_status = 'declined';
  record(conekta, order, charge);
  conekta.emit('charge.declined', showCharge(charge));
  saveOrder(conekta, order, 'declined');
  return charge;
}

/** A cash reference or a CLABE that waits for the money. */
export function issueReference(
  conekta: ConektaContext,
  order: Order,
  method: 'cash' | 'spei',
  expiresAt: number | null,
  referenceId: string | null = null,
): Charge {
  const charge = newCharge(conekta, order, { method, expiresAt }, referenceId);
  order.payment_status = 'pending_payment';
  record(conekta, order, charge);
  conekta.emit('charge.created', showCharge(charge));
  saveOrder(conekta, order, 'pending_payment');
  conekta.sandbox.agenda.plan(CHARGE_EXPIRY, order.id, Number(charge.payment_method['expires_at']) * 1000);
  return charge;
}

export function pendingCharge(order: Order): Charge | undefined {
  return order.charges.findLast((charge) => charge.status === 'pending_payment');
}

export function settleReference(conekta: ConektaContext, order: Order): boolean {
  const charge = pendingCharge(order);
  if (!charge) return false;
  if (charge.payment_method['type'] === 'spei')
    Object.assign(charge.payment_method, { tracking_code: charge.id.toUpperCase(), executed_at: conekta.now() });
  markPaid(conekta, order, charge);
  return true;
}

function endOpen(conekta: ConektaContext, order: Order, status: 'expired' | 'canceled'): void {
  order.payment_status = status;
  for (const charge of order.charges) {
    if (charge.status !== 'pending_payment') continue;
    charge.status = status;
    record(conekta, order, charge);
    conekta.emit(`charge.${status}`, showCharge(charge));
  }
  if (order.checkout) order.checkout.status = status === 'canceled' ? 'Cancelled' : 'Expired';
  conekta.sandbox.agenda.cancel(CHECKOUT_EXPIRY, order.id);
  conekta.sandbox.agenda.cancel(CHARGE_EXPIRY, order.id);
  saveOrder(conekta, order, status);
}

export function cancelOrder(conekta: ConektaContext, order: Order): void {
  endOpen(conekta, order, 'canceled');
}

export function scheduleOrders(conekta: ConektaContext): void {
  const expire = (id: string): void => {
    const order = conekta.orders.get(id);
    const open =
      order?.payment_status === null ||
      order?.payment_status === 'pending_payment' ||
      order?.payment_status === 'declined';
    if (order && open) endOpen(conekta, order, 'expired');
  };
  conekta.sandbox.agenda.handle(CHARGE_EXPIRY, expire);
  conekta.sandbox.agenda.handle(CHECKOUT_EXPIRY, (id) => {
    // A voucher given out on the page outlives the page until its own expiry.
    const order = conekta.orders.get(id);
    if (order && !pendingCharge(order)) expire(id);
  });
}
