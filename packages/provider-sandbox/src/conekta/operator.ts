import { hex } from '../core/ids.ts';
import { type OperatorDesk, OperatorRefusal } from '../operator.ts';
import type { ConektaContext } from './context.ts';
import { newCardSource, requireCustomer } from './customers.ts';
import { ConektaFailure } from './errors.ts';
import type { Charge, Chargeback, Order, Subscription } from './objects.ts';
import { showCharge } from './order-object.ts';
import { refundOrder } from './refunds.ts';
import { saveOrder } from './settlement.ts';
import { cancel, retryCycle } from './subscription-cycle.ts';
import { newTestToken, vaultOf } from './tokens.ts';

const EVIDENCE_DAYS_S = 10 * 86_400;

/** By order, charge, or any value in the order's metadata. */
function requireOrder(conekta: ConektaContext, id: string): Order {
  const order =
    conekta.orders.get(id) ?? conekta.orders.findBy('charge', id)[0] ?? conekta.orders.findBy('lookup', id).at(-1);
  if (!order) throw new OperatorRefusal(`no payment ${id}`);
  return order;
}

function requireSubscription(conekta: ConektaContext, id: string): Subscription {
  const order = conekta.orders.findBy('lookup', id).findLast((each) => each.subscription_id !== null);
  const subscription = conekta.subscriptions.get(id) ?? conekta.subscriptions.get(order?.subscription_id ?? '');
  if (!subscription) throw new OperatorRefusal(`no subscription ${id}`);
  return subscription;
}

/** The API's own refusals are the operator's too. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ConektaFailure ? new OperatorRefusal(error.problem.debug) : error;
  }
}

// Disputes' reasons as Conekta's schema lists them.
const REASONS: Record<string, string> = {
  fraudulent: 'fraudulent',
  duplicate: 'duplicate',
  product_not_received: 'product_not_received',
  product_unacceptable: 'product_unacceptable',
  subscription_canceled: 'subscription_canceled',
  unrecognized: 'unrecognized',
  credit_not_processed: 'credit_not_processed',
};

function tell(conekta: ConektaContext, order: Order, charge: Charge, what: string): void {
  saveOrder(conekta, order);
  conekta.emit(`charge.chargeback.${what}`, showCharge(charge));
}

const BOOKED = { action_required: 'pending', won: 'canceled', lost: 'succeeded' } as const;

/** The money goes back to the cardholder when the dispute is lost, and only then. */
function book(conekta: ConektaContext, order: Order, chargeback: Chargeback): void {
  conekta.sandbox.ledger.record({
    provider: 'conekta',
    kind: 'dispute',
    id: chargeback.id,
    amount_minor: chargeback.amount,
    currency: order.currency,
    status: BOOKED[chargeback.status],
    customer: order.customer_info.customer_id,
    metadata: order.metadata,
  });
}

function open(conekta: ConektaContext, order: Order, amountMinor: number | null, reason: string): Chargeback {
  const charge = order.charges.find(({ status }) => status === 'paid' || status === 'partially_refunded');
  if (!charge) throw new OperatorRefusal(`order ${order.id} is ${order.payment_status ?? 'unpaid'}`);
  if (charge.payment_method['object'] !== 'card_payment')
    throw new OperatorRefusal('only card charges are taken back by a bank');
  if (charge['chargeback']) throw new OperatorRefusal(`charge ${charge.id} is disputed already`);
  const now = conekta.now();
  const chargeback: Chargeback = {
    id: hex(24),
    object: 'chargeback',
    status: 'action_required',
    reason: REASONS[reason] ?? 'general',
    note: null,
    followup_status: null,
    response_from_client: null,
    files: [],
    charge_id: charge.id,
    order_id: order.id,
    amount: amountMinor ?? charge.amount,
    closed_at: null,
    created_at: now,
    evidence_due_by: now + EVIDENCE_DAYS_S,
  };
  conekta.chargebacks.put(chargeback);
  const { order_id: _order, amount: _amount, closed_at: _closed, ...shown } = chargeback;
  charge['chargeback'] = shown;
  book(conekta, order, chargeback);
  tell(conekta, order, charge, 'created');
  tell(conekta, order, charge, 'under_review');
  return chargeback;
}

function close(conekta: ConektaContext, chargeback: Chargeback, outcome: 'won' | 'lost'): void {
  if (chargeback.status !== 'action_required')
    throw new OperatorRefusal(`dispute ${chargeback.id} is ${chargeback.status}`);
  const order = requireOrder(conekta, chargeback.order_id);
  const charge = order.charges.find(({ id }) => id === chargeback.charge_id);
  if (!charge) throw new OperatorRefusal(`no charge ${chargeback.charge_id}`);
  Object.assign(chargeback, { status: outcome, closed_at: conekta.now() });
  conekta.chargebacks.put(chargeback);
  const { order_id: _order, amount: _amount, closed_at: _closed, ...shown } = chargeback;
  charge['chargeback'] = shown;
  book(conekta, order, chargeback);
  if (outcome === 'won') return tell(conekta, order, charge, 'won');
  charge.status = 'charged_back';
  order.payment_status = 'charged_back';
  tell(conekta, order, charge, 'lost');
  saveOrder(conekta, order, 'charged_back');
}

function useCard(conekta: ConektaContext, subscription: Subscription, number: string): void {
  const customer = requireCustomer(conekta, subscription.customer_id);
  const vault = vaultOf({ number, expMonth: 12, expYear: 2099, name: customer.name });
  const source = newCardSource(conekta, customer, vault);
  conekta.subscriptions.put(Object.assign(subscription, { card_id: source.id }));
}

export function createConektaOperator(conekta: ConektaContext): OperatorDesk {
  return {
    provider: 'conekta',
    tokenize: (number) => newTestToken(conekta, number.replaceAll(/\s/g, '')).id,
    refund(id, amountMinor) {
      const order = requireOrder(conekta, id);
      const input = { amount: amountMinor, chargeId: null, reason: 'requested_by_client', expiresAt: null };
      const [refund] = refusing(() => refundOrder(conekta, order, input));
      if (!refund) throw new OperatorRefusal(`nothing is left to refund of ${id}`);
      return { refundId: refund.id };
    },
    dispute: (id, { amountMinor, reason }) => ({
      disputeId: open(conekta, requireOrder(conekta, id), amountMinor, reason).id,
    }),
    closeDispute(id, outcome) {
      const chargeback = conekta.chargebacks.get(id);
      if (!chargeback) throw new OperatorRefusal(`no dispute ${id}`);
      close(conekta, chargeback, outcome);
    },
    useCard: (id, number) => useCard(conekta, requireSubscription(conekta, id), number),
    retryPayment(id) {
      const subscription = requireSubscription(conekta, id);
      if (subscription.status !== 'past_due')
        throw new OperatorRefusal(`subscription ${id} is ${subscription.status} and owes nothing`);
      return { outcome: retryCycle(conekta, subscription) ? 'paid' : 'declined' };
    },
    cancelSubscription(id, when) {
      if (when === 'period_end') throw new OperatorRefusal('Conekta cancels at once only');
      cancel(conekta, requireSubscription(conekta, id), 'requested_by_merchant');
    },
  };
}
