import { type OperatorDesk, OperatorRefusal } from '../operator.ts';

import { cancelNow, emitUpdated, isEnded, retryLatest } from './billing/lifecycle.ts';
import { updateSubscription } from './billing/update-subscription.ts';
import type { StripeContext } from './context.ts';
import { closeDispute, isClosed, openDispute } from './disputes.ts';
import { StripeFailure } from './errors.ts';
import type { Charge, Subscription } from './objects.ts';
import { newPaymentMethod } from './payments/method-object.ts';
import { readCard } from './payments/test-cards.ts';
import { createRefund } from './refunds.ts';

const carries = (metadata: Record<string, string>, id: string): boolean => Object.values(metadata).includes(id);

function latestIntent(stripe: StripeContext, id: string): string | null {
  const session = (stripe.sessions.get(id) ?? stripe.sessions.findBy('lookup', id).at(-1))?.session;
  const invoiceId = id.startsWith('in_') ? id : session?.invoice;
  if (invoiceId != null)
    return stripe.invoicePayments.findBy('invoice', invoiceId).at(-1)?.payment.payment_intent ?? null;
  if (session?.payment_intent != null) return session.payment_intent;
  return stripe.paymentIntents.all().findLast((intent) => carries(intent.metadata, id))?.id ?? null;
}

/** By charge, intent, invoice or session, or by any value in their metadata. */
function chargeOf(stripe: StripeContext, id: string): Charge {
  const known = stripe.charges.get(id);
  const intent = stripe.paymentIntents.get(id) ?? stripe.paymentIntents.get(latestIntent(stripe, id) ?? '');
  const charge = known ?? (intent?.latest_charge == null ? undefined : stripe.charges.get(intent.latest_charge));
  if (charge?.status === 'succeeded') return charge;
  throw new OperatorRefusal(`no settled payment ${id}`);
}

function subscriptionOf(stripe: StripeContext, id: string): Subscription {
  const session = (stripe.sessions.get(id) ?? stripe.sessions.findBy('lookup', id).at(-1))?.session;
  const found =
    stripe.subscriptions.get(id) ??
    stripe.subscriptions.get(session?.subscription ?? '') ??
    stripe.subscriptions.all().findLast((subscription) => carries(subscription.metadata, id));
  if (!found) throw new OperatorRefusal(`no subscription ${id}`);
  if (isEnded(found)) throw new OperatorRefusal(`subscription ${found.id} is ${found.status}`);
  return found;
}

/** The API's own refusal, in a person's words. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StripeFailure) throw new OperatorRefusal(error.message, { cause: error });
    throw error;
  }
}

function useCard(stripe: StripeContext, subscription: Subscription, cardNumber: string): void {
  const read = readCard({ number: cardNumber.replaceAll(/\s/g, ''), expMonth: 12, expYear: 2099, cvc: '123' });
  const customer = stripe.customers.get(subscription.customer);
  const method = newPaymentMethod(stripe, {
    type: 'card',
    card: read.card,
    behaviour: read.behaviour,
    customer: subscription.customer,
    billing: { email: customer?.email ?? null, name: customer?.name ?? null, country: null },
  });
  const instrument = stripe.instruments.get(method.id);
  if (instrument) stripe.instruments.put({ ...instrument, isSetUp: true });
  stripe.emit('payment_method.attached', method);
  const previous = { default_payment_method: subscription.default_payment_method };
  subscription.default_payment_method = method.id;
  emitUpdated(stripe, subscription, previous);
}

export function createStripeOperator(stripe: StripeContext): OperatorDesk {
  return {
    provider: 'stripe',
    refund(paymentId, amountMinor) {
      const charge = chargeOf(stripe, paymentId);
      const params = { charge: charge.id, ...(amountMinor === null ? {} : { amount: amountMinor }) };
      return { refundId: refusing(() => createRefund(stripe, params)).id };
    },
    dispute(paymentId, { amountMinor, reason }) {
      const charge = chargeOf(stripe, paymentId);
      if (charge['disputed'] === true) throw new OperatorRefusal(`payment ${charge.id} is disputed already`);
      if ((amountMinor ?? 0) > charge.amount) throw new OperatorRefusal(`at most ${charge.amount} can be disputed`);
      return { disputeId: openDispute(stripe, charge, { amount: amountMinor, reason, isInquiry: false }).id };
    },
    closeDispute(disputeId, outcome) {
      const dispute = stripe.disputes.get(disputeId);
      if (!dispute) throw new OperatorRefusal(`no dispute ${disputeId}`);
      if (isClosed(dispute)) throw new OperatorRefusal(`dispute ${disputeId} is ${dispute.status}`);
      closeDispute(stripe, dispute, outcome);
    },
    useCard: (subscriptionId, cardNumber) => useCard(stripe, subscriptionOf(stripe, subscriptionId), cardNumber),
    retryPayment(subscriptionId) {
      const subscription = subscriptionOf(stripe, subscriptionId);
      const outcome = retryLatest(stripe, subscription);
      if (outcome === 'nothing') throw new OperatorRefusal(`subscription ${subscription.id} owes nothing`);
      return { outcome };
    },
    tokenize(cardNumber) {
      const read = readCard({ number: cardNumber.replaceAll(/\s/g, ''), expMonth: 12, expYear: 2099, cvc: '123' });
      const billing = { email: null, name: null, country: null };
      return newPaymentMethod(stripe, {
        type: 'card',
        card: read.card,
        behaviour: read.behaviour,
        customer: null,
        billing,
      }).id;
    },
    cancelSubscription(subscriptionId, when) {
      const subscription = subscriptionOf(stripe, subscriptionId);
      if (when === 'period_end') return void updateSubscription(stripe, subscription, { cancel_at_period_end: true });
      subscription['cancellation_details'] = { comment: null, feedback: null, reason: 'cancellation_requested' };
      cancelNow(stripe, subscription);
    },
  };
}
