import { base62 } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger.ts';
import type { Decline } from '../../core/cards.ts';
import type { StripeContext } from '../context.ts';
import { cardError } from '../errors.ts';
import type { Charge, PaymentIntent, PaymentMethod } from '../objects.ts';
import { cardDetails, cardOf } from './method-object.ts';

export const AFTERMATH = 'stripe.charge.aftermath';

function methodDetails(stripe: StripeContext, method: PaymentMethod): object {
  const card = cardOf(stripe, method);
  if (method.type !== 'card' || !card) return { type: method.type, [method.type]: method[method.type] ?? {} };
  const {
    display_brand: _brand,
    networks: _networks,
    three_d_secure_usage: _usage,
    generated_from: _from,
    ...shown
  } = cardDetails(card);
  return {
    type: 'card',
    card: { ...shown, network: card.brand, three_d_secure: null, installments: null, mandate: null },
  };
}

const APPROVED = {
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: 'approved_by_network',
  reason: null,
  risk_level: 'normal',
  seller_message: 'Payment complete.',
  type: 'authorized',
};

function outcomeOf(decline: Decline | null): object {
  if (!decline) return APPROVED;
  return {
    ...APPROVED,
    network_status: 'declined_by_network',
    reason: decline.declineCode,
    seller_message: 'The bank returned the decline code.',
    type: 'issuer_declined',
  };
}

function newCharge(
  stripe: StripeContext,
  intent: PaymentIntent,
  method: PaymentMethod,
  result: { status: Charge['status']; decline: Decline | null; isCaptured: boolean },
): Charge {
  const { decline, isCaptured } = result;
  const done = result.status === 'succeeded' && isCaptured;
  const charge: Charge = {
    id: `${method.type === 'card' ? 'ch' : 'py'}_3${base62(23)}`,
    object: 'charge',
    amount: intent.amount,
    amount_captured: done ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: done ? `txn_3${base62(23)}` : null,
    billing_details: method['billing_details'],
    calculated_statement_descriptor: 'SANDBOX',
    captured: result.status !== 'failed' && isCaptured,
    created: stripe.now(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent['description'],
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(decline),
    paid: result.status !== 'failed',
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(stripe, method),
    radar_options: {},
    receipt_email: intent['receipt_email'] ?? null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: intent['shipping'] ?? null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent['statement_descriptor'] ?? null,
    statement_descriptor_suffix: null,
    status: result.status,
    transfer_data: null,
    transfer_group: null,
  };
  return stripe.charges.put(charge);
}

function recordCharge(stripe: StripeContext, charge: Charge): void {
  const notes = charge.payment_intent === null ? undefined : stripe.intentNotes.get(charge.payment_intent);
  stripe.sandbox.ledger.record({
    provider: 'stripe',
    kind: 'charge',
    id: charge.id,
    amount_minor: charge['captured'] === true ? Number(charge['amount_captured']) || charge.amount : charge.amount,
    currency: charge.currency,
    status: charge.status,
    customer: charge.customer,
    ...paysOf(stripe, charge),
    metadata: { ...notes?.ledgerMetadata, ...charge.metadata },
  });
}

/** An invoice's line that is no change and no usage tells the period that it pays. */
function paysOf(stripe: StripeContext, charge: Charge): Pick<LedgerEntry, 'subscription' | 'period'> {
  const [payment] =
    charge.payment_intent === null ? [] : stripe.invoicePayments.findBy('paymentIntent', charge.payment_intent);
  const invoice = payment && stripe.invoices.get(payment.invoice);
  const subscription = invoice?.parent?.subscription_details.subscription ?? null;
  const isOfPeriod = ['subscription_create', 'subscription_cycle'].includes(invoice?.billing_reason ?? '');
  const line = isOfPeriod ? invoice?.lines.data.toSorted((a, b) => b.period.end - a.period.end)[0] : undefined;
  const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const period = line ? { start: isoOf(line.period.start), end: isoOf(line.period.end) } : null;
  return { subscription, period };
}

function planAftermath(stripe: StripeContext, charge: Charge, method: PaymentMethod): void {
  if ((stripe.instruments.get(method.id)?.behaviour.aftermath ?? 'none') === 'none') return;
  // After everything the payment itself sets off, as at the real one.
  stripe.sandbox.agenda.plan(AFTERMATH, charge.id, stripe.sandbox.clock.nowMs() + 1);
}

/** Money arrived: the charge of a debit or voucher under way becomes the paid one. */
export function succeedPayment(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): Charge {
  const under = intent.latest_charge === null ? undefined : stripe.charges.get(intent.latest_charge);
  const waiting = under?.status === 'pending' ? under : undefined;
  const charge = waiting ?? newCharge(stripe, intent, method, { status: 'succeeded', decline: null, isCaptured: true });
  if (waiting) {
    Object.assign(waiting, {
      status: 'succeeded',
      amount_captured: intent.amount,
      captured: true,
      balance_transaction: `txn_3${base62(23)}`,
    });
    stripe.charges.put(waiting);
  }
  Object.assign(intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    amount_capturable: 0,
    latest_charge: charge.id,
    payment_method: method.id,
    next_action: null,
    processing: null,
    last_payment_error: null,
  });
  stripe.paymentIntents.put(intent);
  recordCharge(stripe, charge);
  stripe.emit('charge.succeeded', charge);
  stripe.emit('payment_intent.succeeded', intent);
  planAftermath(stripe, charge, method);
  stripe.hooks.paymentSettled(intent, null);
  return charge;
}

export function declinePayment(
  stripe: StripeContext,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
): void {
  const under = intent.latest_charge === null ? undefined : stripe.charges.get(intent.latest_charge);
  const waiting = under?.status === 'pending' ? under : undefined;
  const charge = waiting ?? newCharge(stripe, intent, method, { status: 'failed', decline, isCaptured: false });
  if (waiting) {
    Object.assign(waiting, { status: 'failed', paid: false, captured: false });
    Object.assign(waiting, { failure_code: decline.code, failure_message: decline.message });
    stripe.charges.put(waiting);
  }
  Object.assign(intent, {
    status: 'requires_payment_method',
    latest_charge: charge.id,
    payment_method: null,
    next_action: null,
    processing: null,
    last_payment_error: { ...cardError(decline), charge: charge.id, payment_method: structuredClone(method) },
  });
  stripe.paymentIntents.put(intent);
  recordCharge(stripe, charge);
  stripe.emit('charge.failed', charge);
  stripe.emit('payment_intent.payment_failed', intent);
  stripe.hooks.paymentSettled(intent, decline);
}

/** A debit was sent to the bank: `processing` until it settles. */
export function startDebit(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): void {
  const charge = newCharge(stripe, intent, method, { status: 'pending', decline: null, isCaptured: true });
  Object.assign(intent, {
    status: 'processing',
    latest_charge: charge.id,
    payment_method: method.id,
    next_action: null,
    processing: { type: method.type },
    last_payment_error: null,
  });
  stripe.paymentIntents.put(intent);
  recordCharge(stripe, charge);
  stripe.emit('charge.pending', charge);
  stripe.emit('payment_intent.processing', intent);
}

/** Held on the card, to be captured or canceled within seven days. */
export function authorizePayment(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): void {
  const charge = newCharge(stripe, intent, method, { status: 'succeeded', decline: null, isCaptured: false });
  Object.assign(intent, {
    status: 'requires_capture',
    amount_capturable: intent.amount,
    latest_charge: charge.id,
    payment_method: method.id,
    next_action: null,
    last_payment_error: null,
  });
  stripe.paymentIntents.put(intent);
  stripe.emit('charge.succeeded', charge);
  stripe.emit('payment_intent.amount_capturable_updated', intent);
}

export function capturePayment(stripe: StripeContext, intent: PaymentIntent, amount: number): void {
  const charge = intent.latest_charge === null ? undefined : stripe.charges.get(intent.latest_charge);
  if (!charge) return;
  const released = intent.amount - amount;
  Object.assign(charge, { captured: true, amount_captured: amount, balance_transaction: `txn_3${base62(23)}` });
  if (released > 0) Object.assign(charge, { amount_refunded: released });
  Object.assign(intent, { status: 'succeeded', amount_capturable: 0, amount_received: amount });
  stripe.charges.put(charge);
  stripe.paymentIntents.put(intent);
  recordCharge(stripe, charge);
  stripe.emit('charge.captured', charge);
  stripe.emit('payment_intent.succeeded', intent);
  stripe.hooks.paymentSettled(intent, null);
}
