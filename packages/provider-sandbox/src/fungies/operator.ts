import { judgeCard } from '../core/cards.ts';
import { type OperatorDesk, OperatorRefusal } from '../operator.ts';
import type { FungiesContext } from './context.ts';
import { emitPayment } from './events.ts';
import { collect, endAtInterval, endNow, isOver, owedPayment } from './lifecycle.ts';
import type { Payment, Subscription } from './objects.ts';
import { refundPayment } from './records.ts';
import { findSubscription } from './subscriptions.ts';

export const TEST_CARD_FIELDS = { expMonth: 12, expYear: 2099, cvc: '123', name: null } as const;

function requirePayment(fungies: FungiesContext, id: string): Payment {
  const sale = fungies.sales.findBy('lookup', id).at(-1);
  const payment =
    fungies.payments.get(id) ??
    fungies.payments.findBy('number', id)[0] ??
    (sale?.orderId == null ? undefined : fungies.payments.findBy('order', sale.orderId).at(-1));
  if (!payment) throw new OperatorRefusal(`no payment ${id}`);
  return payment;
}

function requireSubscription(fungies: FungiesContext, id: string): Subscription {
  const subscription = findSubscription(fungies, id) ?? fungies.subscriptions.findBy('lookup', id).at(-1);
  if (!subscription) throw new OperatorRefusal(`no subscription ${id}`);
  return subscription;
}

/** Refunds exist only in the dashboard; the event tells neither amount nor reason. */
function refund(fungies: FungiesContext, payment: Payment, amountMinor: number | null): { refundId: string } {
  const refunded = payment.refunds.reduce((sum, { amount }) => sum + amount, 0);
  const left = payment.value - refunded;
  const amount = amountMinor ?? left;
  if (payment.status !== 'PAID' && payment.status !== 'PARTIALLY_REFUNDED')
    throw new OperatorRefusal(`payment ${payment.id} is ${payment.status}`);
  if (!Number.isInteger(amount) || amount <= 0 || amount > left)
    throw new OperatorRefusal(`${left} is left to refund of payment ${payment.id}`);
  const made = refundPayment(fungies, payment, amount);
  const order = payment.orderId === null ? undefined : fungies.orders.get(payment.orderId);
  if (order?.number === payment.number) fungies.orders.put(Object.assign(order, { status: payment.status }));
  emitPayment(fungies, 'payment_refunded', payment);
  return { refundId: made.id };
}

export function createFungiesOperator(fungies: FungiesContext): OperatorDesk {
  const noDisputes = (): never => {
    throw new OperatorRefusal('Fungies is the merchant of record: its API and events tell nothing of disputes');
  };
  return {
    provider: 'fungies',
    refund: (id, amountMinor) => refund(fungies, requirePayment(fungies, id), amountMinor),
    dispute: noDisputes,
    closeDispute: noDisputes,
    useCard(id, number) {
      const subscription = requireSubscription(fungies, id);
      const user = fungies.users.get(subscription.userId);
      if (!user) throw new OperatorRefusal(`subscription ${id} has no user`);
      const { card, outcome } = judgeCard('fungies', { number, ...TEST_CARD_FIELDS });
      user.card = { ...card, renewal: outcome === 'approved' ? card.renewal : 'declines' };
      fungies.users.put(user);
    },
    retryPayment(id) {
      const subscription = requireSubscription(fungies, id);
      const payment = owedPayment(fungies, subscription);
      if (subscription.status !== 'past_due' || !payment)
        throw new OperatorRefusal(`subscription ${id} is ${subscription.status} and owes nothing`);
      return { outcome: collect(fungies, subscription, payment) ? 'paid' : 'declined' };
    },
    cancelSubscription(id, when) {
      const subscription = requireSubscription(fungies, id);
      if (isOver(subscription)) throw new OperatorRefusal(`subscription ${id} is ${subscription.status}`);
      if (when === 'now') endNow(fungies, subscription);
      else endAtInterval(fungies, subscription);
    },
  };
}
