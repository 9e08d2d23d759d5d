import type { Challenge, CheckoutView, PayRequest, PayResult } from '../cashier.ts';
import { FAILED_AUTHENTICATION, judgeCard } from '../core/cards.ts';
import type { StripeContext } from './context.ts';
import type { PaymentIntent, SetupIntent } from './objects.ts';
import { declinePayment } from './payments/charges.ts';
import { confirmIntent } from './payments/confirm.ts';
import { newPageCard } from './payments/method-object.ts';
import { failSetup, succeedSetup } from './payments/setup-intents.ts';
import { voucherFacts } from './payments/vouchers.ts';

const OPEN = new Set(['requires_payment_method', 'requires_confirmation', 'requires_action']);
const GONE: PayResult = { kind: 'refused', field: null, message: 'This payment is no longer open.' };

function stateOf(intent: PaymentIntent | SetupIntent): CheckoutView['state'] {
  if (intent.status === 'canceled') return 'canceled';
  if (voucherFacts(intent['next_action'])) return 'voucher';
  return OPEN.has(intent.status) ? 'open' : 'complete';
}

/** The page a challenge or voucher of an intent leads to, though no checkout made it. */
export function intentView(stripe: StripeContext, id: string): CheckoutView | null {
  const payment = stripe.paymentIntents.get(id);
  const intent = payment ?? stripe.setupIntents.get(id);
  if (!intent) return null;
  const customer = intent.customer === null ? undefined : stripe.customers.get(intent.customer);
  const amount = payment?.amount ?? 0;
  const voucher = voucherFacts(intent['next_action']);
  const description = intent['description'];
  return {
    provider: 'stripe',
    id,
    state: stateOf(intent),
    mode: payment ? 'payment' : 'setup',
    merchant: 'Sandbox Merchant',
    lines: [
      {
        name: typeof description === 'string' ? description : 'Payment',
        detail: null,
        quantity: 1,
        amountMinor: amount,
      },
    ],
    discountMinor: 0,
    taxMinor: 0,
    totalMinor: amount,
    currency: (payment?.currency ?? 'usd').toUpperCase(),
    recurring: null,
    trialDays: null,
    email: customer?.email ?? null,
    name: customer?.name ?? null,
    country: null,
    methods: ['card'],
    backUrl: null,
    doneUrl: stripe.intentNotes.get(id)?.returnUrl ?? null,
    voucher: voucher && {
      kind: voucher.kind,
      reference: voucher.reference,
      barcodeUrl:
        voucher.kind === 'cash' ? `${stripe.sandbox.publicUrl()}/_pages/barcode/${voucher.reference}.svg` : null,
      expiresAtMs: (voucher.expiresAt ?? stripe.now() + 86_400) * 1000,
      amountMinor: amount,
    },
    pageUrl: `${stripe.sandbox.publicUrl()}/c/pay/${id}`,
    locale: null,
  };
}

/** The bank's answer to an intent's challenge. */
export function answerIntent(stripe: StripeContext, challenge: Challenge, approved: boolean): PayResult {
  const setup = stripe.setupIntents.get(challenge.checkoutId);
  const payment = stripe.paymentIntents.get(challenge.checkoutId);
  const id = (setup ?? payment)?.payment_method;
  const method = id == null ? undefined : stripe.paymentMethods.get(id);
  if (!method || (setup ?? payment)?.status !== 'requires_action') return GONE;
  if (setup) {
    if (approved) succeedSetup(stripe, setup, method);
    else failSetup(stripe, setup, method, { ...FAILED_AUTHENTICATION, code: 'setup_intent_authentication_failure' });
  } else if (payment) {
    if (!approved) declinePayment(stripe, payment, method, FAILED_AUTHENTICATION);
    else confirmIntent(stripe, payment, method, { offSession: false, returnUrl: null, isAuthenticated: true });
  }
  return approved ? { kind: 'paid' } : { kind: 'declined', decline: FAILED_AUTHENTICATION };
}

/** A person pays an open intent with another card, or completes the challenge it waits at. */
export function payIntent(stripe: StripeContext, id: string, request: PayRequest): PayResult {
  const intent = stripe.paymentIntents.get(id);
  const setup = stripe.setupIntents.get(id);
  const target = intent ?? setup;
  if (!target || !OPEN.has(target.status)) return GONE;
  const waiting = stripe.sandbox.store
    .collection<Challenge>('sandbox/challenges')
    .all()
    .findLast((challenge) => challenge.checkoutId === id);
  if (target.status === 'requires_action' && waiting) return { kind: 'challenge', challengeId: waiting.id };
  if (!request.card) return { kind: 'refused', field: 'number', message: 'Your card number is incomplete.' };
  const { card, decline } = judgeCard('stripe', request.card);
  const { email, name, country } = request;
  const method = newPageCard(stripe, {
    card,
    ...(decline ? { decline } : {}),
    customer: null,
    billing: { email, name, country },
  });
  if (setup) {
    succeedSetup(stripe, setup, method);
    return { kind: 'paid' };
  }
  if (!intent) return GONE;
  const outcome = confirmIntent(stripe, intent, method, { offSession: false, returnUrl: null, isAuthenticated: true });
  return outcome.kind === 'decline' ? { kind: 'declined', decline: outcome.decline } : { kind: 'paid' };
}
