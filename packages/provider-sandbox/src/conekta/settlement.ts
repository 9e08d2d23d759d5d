import type { Card, Decline } from '../core/cards.ts';
import type { LedgerEntry } from '../core/ledger.ts';
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

function ledgerStatus(status: string): 'succeeded' | 'pending' | 'failed' | 'canceled' {
  switch (status) {
    case 'paid':
      return 'succeeded';
    case 'pending_payment':
    case 'pre_authorized':
      return 'pending';
    case 'declined':
      return 'failed';
    default:
      return 'canceled';
  }
}

export function recordCharge(conekta: ConektaContext, order: Order, charge: Charge): void {
  conekta.sandbox.ledger.record({
    provider: 'conekta',
    kind: 'charge',
    id: charge.id,
    amount_minor: charge.amount,
    currency: order.currency,
    status: ledgerStatus(charge.status),
    customer: order.customer_info.customer_id,
    ...paysOf(conekta, order),
    metadata: order.metadata,
  });
}

/** A cycle's order is charged when the cycle has begun; a hosted page's first one before its subscription is there. */
function paysOf(conekta: ConektaContext, order: Order): Pick<LedgerEntry, 'subscription' | 'period'> {
  const subscription = conekta.subscriptions.get(order.subscription_id ?? '');
  const { billing_cycle_start: start, billing_cycle_end: end } = subscription ?? {};
  const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const period = start != null && end !== undefined ? { start: isoOf(start), end: isoOf(end) } : null;
  return { subscription: subscription?.id ?? null, period };
}

/** What has been paid so far; a split order is paid when its charges add up. */
function paidAmount(order: Order): number {
  return order.charges.reduce((sum, { status, amount }) => sum + (status === 'paid' ? amount : 0), 0);
}

/** A paid order counts for the link it came from. */
function countLinkPayment(conekta: ConektaContext, order: Order): void {
  const id = order['payment_link_id'];
  const link = typeof id === 'string' ? conekta.links.get(id) : undefined;
  if (!link) return;
  link.checkout.paid_payments_count += 1;
  conekta.links.put(link);
}

/** The money of a charge has come. */
export function settleCharge(conekta: ConektaContext, order: Order, charge: Charge, isWhole = false): void {
  Object.assign(charge, { status: 'paid', paid_at: conekta.now(), is_refundable: true });
  recordCharge(conekta, order, charge);
  const isPaid = isWhole || paidAmount(order) >= order.amount;
  order.payment_status = isPaid ? 'paid' : 'pending_payment';
  order['is_refundable'] = true;
  conekta.sandbox.agenda.cancel(CHARGE_EXPIRY, order.id);
  if (isPaid && order.checkout) order.checkout.status = 'Expired';
  if (isPaid) {
    conekta.sandbox.agenda.cancel(CHECKOUT_EXPIRY, order.id);
    countLinkPayment(conekta, order);
  }
  conekta.emit('charge.paid', showCharge(charge));
  saveOrder(conekta, order, ...(isPaid ? ['paid'] : []));
}

export interface CardManner {
  referenceId?: string | null;
  amount?: number;
  installments?: number | null;
  preAuthorize?: boolean;
}

export function chargeCard(
  conekta: ConektaContext,
  order: Order,
  card: Card,
  decline: Decline | null,
  manner: CardManner = {},
): Charge {
  const charge = newCharge(conekta, order, { method: 'card', card, decline }, manner);
  // Seen in every recorded sample: the creation event of a charge paid at once still says declined.
  conekta.emit('charge.created', { ...showCharge(charge), status: 'declined' });
  if (decline) {
    order.payment_status = 'declined';
    recordCharge(conekta, order, charge);
    conekta.emit('charge.declined', showCharge(charge));
    saveOrder(conekta, order, 'declined');
    return charge;
  }
  if (manner.preAuthorize !== true) {
    settleCharge(conekta, order, charge);
    return charge;
  }
  Object.assign(charge, { status: 'pre_authorized', paid_at: null });
  order.payment_status = 'pre_authorized';
  recordCharge(conekta, order, charge);
  // Underscore at the order, none at the charge.
  conekta.emit('charge.preauthorized', showCharge(charge));
  saveOrder(conekta, order, 'pre_authorized');
  return charge;
}

/** Takes what was authorized, or less; the rest is released. */
export function capture(conekta: ConektaContext, order: Order, charge: Charge, amount: number): void {
  charge.amount = amount;
  settleCharge(conekta, order, charge, true);
}

export function planChargeExpiry(conekta: ConektaContext, order: Order, charge: Charge): void {
  conekta.sandbox.agenda.plan(CHARGE_EXPIRY, order.id, Number(charge.payment_method['expires_at']) * 1000);
}

export interface ReferenceManner {
  expiresAt?: number | null;
  referenceId?: string | null;
  amount?: number;
  productType?: string | null;
}

/** A cash reference or a CLABE that waits for the money. */
export function issueReference(
  conekta: ConektaContext,
  order: Order,
  method: 'cash' | 'spei',
  manner: ReferenceManner = {},
): Charge {
  const { expiresAt = null, productType = null } = manner;
  const charge = newCharge(conekta, order, { method, expiresAt, productType }, manner);
  order.payment_status = 'pending_payment';
  recordCharge(conekta, order, charge);
  conekta.emit('charge.created', showCharge(charge));
  saveOrder(conekta, order, 'pending_payment');
  planChargeExpiry(conekta, order, charge);
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
  order.authorization = null;
  settleCharge(conekta, order, charge);
  return true;
}

/** The payer said no where the charge sent them. */
export function declinePending(conekta: ConektaContext, order: Order, charge: Charge): void {
  charge.status = 'declined';
  order.payment_status = 'declined';
  conekta.sandbox.agenda.cancel(CHARGE_EXPIRY, order.id);
  recordCharge(conekta, order, charge);
  conekta.emit('charge.declined', showCharge(charge));
  saveOrder(conekta, order, 'declined');
}

function endOpen(conekta: ConektaContext, order: Order, status: 'expired' | 'canceled'): void {
  order.payment_status = status;
  order.authorization = null;
  delete order['next_action'];
  for (const charge of order.charges) {
    if (charge.status !== 'pending_payment' && charge.status !== 'pre_authorized') continue;
    charge.status = status;
    recordCharge(conekta, order, charge);
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
