import { base62 } from '../core/ids.ts';
import type { Card, Decline } from '../core/cards.ts';
import type { StripeContext } from './context.ts';
import { cardError } from './errors.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './objects.ts';

type Strings = Record<string, string>;

export interface BillingDetails {
  email: string | null;
  name: string | null;
  country: string | null;
}

function billingDetails(billing: BillingDetails): object {
  const address = { city: null, country: billing.country, line1: null, line2: null, postal_code: null, state: null };
  return { address, email: billing.email, name: billing.name, phone: null, tax_id: null };
}

function cardDetails(card: Card): Record<string, unknown> {
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: card.country,
    display_brand: card.brand,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    fingerprint: null,
    funding: card.funding,
    generated_from: null,
    last4: card.last4,
    networks: { available: [card.brand], preferred: null },
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

export function newPaymentMethod(
  stripe: StripeContext,
  input: { type: PaymentMethod['type']; card: Card | null; customer: string | null; billing: BillingDetails },
): PaymentMethod {
  const method: PaymentMethod = {
    id: `pm_1${base62(23)}`,
    object: 'payment_method',
    allow_redisplay: 'limited',
    billing_details: billingDetails(input.billing),
    ...(input.card ? { card: cardDetails(input.card) } : { [input.type]: {} }),
    created: stripe.now(),
    customer: input.customer,
    livemode: false,
    metadata: {},
    type: input.type,
  };
  if (input.card) stripe.savedCards.put({ id: method.id, card: input.card });
  return stripe.paymentMethods.put(method);
}

export function newPaymentIntent(
  stripe: StripeContext,
  input: {
    amount: number;
    currency: string;
    customer: string | null;
    metadata: Strings;
    description: string | null;
    types: string[];
    offSession?: boolean;
  },
): PaymentIntent {
  const id = `pi_3${base62(23)}`;
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${base62(25)}`,
    confirmation_method: 'automatic',
    created: stripe.now(),
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    description: input.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: input.types,
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: input.offSession === true ? 'off_session' : null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
  stripe.paymentIntents.put(intent);
  stripe.emit('payment_intent.created', intent);
  return intent;
}

function chargeMethodDetails(method: PaymentMethod, card: Card | undefined): object {
  if (method.type !== 'card' || !card) return { type: method.type, [method.type]: {} };
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

function newCharge(
  stripe: StripeContext,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline | null,
): Charge {
  const charge: Charge = {
    id: `${method.type === 'card' ? 'ch' : 'py'}_3${base62(23)}`,
    object: 'charge',
    amount: intent.amount,
    amount_captured: decline ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: decline ? null : `txn_3${base62(23)}`,
    billing_details: method['billing_details'],
    calculated_statement_descriptor: 'SANDBOX',
    captured: decline === null,
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
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: decline
      ? {
          network_status: 'declined_by_network',
          reason: decline.declineCode,
          risk_level: 'normal',
          seller_message: 'The bank returned the decline code.',
          type: 'issuer_declined',
        }
      : {
          network_status: 'approved_by_network',
          reason: null,
          risk_level: 'normal',
          seller_message: 'Payment complete.',
          type: 'authorized',
        },
    paid: decline === null,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: chargeMethodDetails(method, stripe.savedCards.get(method.id)?.card),
    radar_options: {},
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: decline ? 'failed' : 'succeeded',
    transfer_data: null,
    transfer_group: null,
  };
  return stripe.charges.put(charge);
}

function record(stripe: StripeContext, charge: Charge, extra: Strings): void {
  stripe.sandbox.ledger.record({
    provider: 'stripe',
    kind: 'charge',
    id: charge.id,
    amount_minor: charge.amount,
    currency: charge.currency,
    status: charge.status,
    customer: charge.customer,
    metadata: { ...extra, ...charge.metadata },
  });
}

/** Collects the intent; `ledgerMetadata` adds what only the checkout knew. */
export function succeedPayment(
  stripe: StripeContext,
  intent: PaymentIntent,
  method: PaymentMethod,
  ledgerMetadata: Strings,
): Charge {
  const charge = newCharge(stripe, intent, method, null);
  Object.assign(intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: charge.id,
    payment_method: method.id,
    next_action: null,
    last_payment_error: null,
  });
  stripe.paymentIntents.put(intent);
  record(stripe, charge, ledgerMetadata);
  stripe.emit('charge.succeeded', charge);
  stripe.emit('payment_intent.succeeded', intent);
  return charge;
}

export function declinePayment(
  stripe: StripeContext,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  ledgerMetadata: Strings,
): void {
  const charge = newCharge(stripe, intent, method, decline);
  Object.assign(intent, {
    status: 'requires_payment_method',
    latest_charge: charge.id,
    payment_method: null,
    next_action: null,
    last_payment_error: { ...cardError(decline), charge: charge.id, payment_method: structuredClone(method) },
  });
  stripe.paymentIntents.put(intent);
  record(stripe, charge, ledgerMetadata);
  stripe.emit('charge.failed', charge);
  stripe.emit('payment_intent.payment_failed', intent);
}
