import { judgeCard } from '../core/cards.ts';
import { type OperatorDesk, OperatorRefusal } from '../operator.ts';
import type { PolarContext } from './context.ts';
import { openDispute, settleDispute } from './disputes.ts';
import type { Order, Payment, Subscription } from './objects.ts';
import { refundableOf } from './order-object.ts';
import { saveCard } from './payment-methods.ts';
import { refundOrder } from './refunds.ts';
import { retryPayment, revoke } from './subscription-cycle.ts';
import { setEnding } from './subscription-updates.ts';

const EXPIRY_MONTH = 12;
const EXPIRY_YEARS = 5;

function refusal(message: string): never {
  throw new OperatorRefusal(message);
}

/** By its id, its order's id, or any value in the order's metadata: the money that came in. */
function paidOrder(polar: PolarContext, id: string): { order: Order; payment: Payment } {
  const payment = polar.payments.get(id);
  const order =
    (payment?.order_id == null ? undefined : polar.orders.get(payment.order_id)) ??
    polar.orders.get(id) ??
    polar.orders.findBy('checkout', id).at(-1) ??
    polar.orders.findBy('lookup', id).at(-1) ??
    refusal(`no payment ${id}`);
  const settled = polar.payments.findBy('order', order.id).findLast(({ status }) => status === 'succeeded');
  return { order, payment: settled ?? refusal(`order ${order.id} has no settled payment`) };
}

function subscriptionBy(polar: PolarContext, id: string): Subscription {
  const found = polar.subscriptions.get(id) ?? polar.subscriptions.findBy('lookup', id).at(-1);
  if (!found) return refusal(`no subscription ${id}`);
  return found.status === 'canceled' ? refusal(`subscription ${found.id} has ended`) : found;
}

/** What the merchant's dashboard and the cardholder's bank do. */
export function createPolarOperator(polar: PolarContext): OperatorDesk {
  return {
    provider: 'polar',
    refund(paymentId, amountMinor) {
      const { order } = paidOrder(polar, paymentId);
      const left = refundableOf(order);
      const total = left.net + left.tax;
      const wanted = amountMinor ?? total;
      if (total === 0) return refusal('this order is already fully refunded');
      if (wanted < 1 || wanted > total) return refusal(`at most ${total} can be refunded`);
      const tax = Math.round((order.tax_amount * wanted) / order.total_amount);
      const amount = wanted === total ? left.net : Math.max(1, wanted - tax);
      const made = refundOrder(polar, {
        order,
        amount,
        reason: 'customer_request',
        revokeBenefits: false,
        metadata: {},
      });
      return { refundId: made.id };
    },
    dispute(paymentId, { amountMinor, reason }) {
      const { order, payment } = paidOrder(polar, paymentId);
      const amount = amountMinor ?? payment.amount;
      if (amount < 1 || amount > payment.amount) return refusal(`at most ${payment.amount} can be disputed`);
      return { disputeId: openDispute(polar, { payment, order, amount, reason }).id };
    },
    closeDispute(disputeId, outcome) {
      const dispute = polar.disputes.get(disputeId) ?? refusal(`no dispute ${disputeId}`);
      if (dispute.closed) refusal('this dispute is closed');
      settleDispute(polar, dispute, outcome);
    },
    useCard(subscriptionId, cardNumber) {
      const subscription = subscriptionBy(polar, subscriptionId);
      const customer = polar.customers.get(subscription.customer_id) ?? refusal('the customer is gone');
      const expYear = new Date(polar.sandbox.clock.nowMs()).getUTCFullYear() + EXPIRY_YEARS;
      const number = cardNumber.replaceAll(/\D/g, '');
      const verdict = judgeCard('polar', { number, expMonth: EXPIRY_MONTH, expYear, cvc: '123', name: customer.name });
      const card = verdict.decline ? { ...verdict.card, renewal: 'declines' as const } : verdict.card;
      subscription.internal.paymentMethodId = saveCard(polar, customer, card, true).id;
      polar.subscriptions.put(subscription);
      if (subscription.status === 'past_due') retryPayment(polar, subscription, 'retry_payment_method_update');
    },
    retryPayment(subscriptionId) {
      const subscription = subscriptionBy(polar, subscriptionId);
      if (subscription.status !== 'past_due') return refusal('nothing is past due');
      return { outcome: retryPayment(polar, subscription, 'retry_admin') ? 'paid' : 'declined' };
    },
    cancelSubscription(subscriptionId, when) {
      const subscription = subscriptionBy(polar, subscriptionId);
      if (when === 'now') return revoke(polar, subscription);
      if (subscription.cancel_at_period_end) return refusal('it ends with its period already');
      setEnding(polar, subscription, true, { reason: null, comment: null });
    },
  };
}
