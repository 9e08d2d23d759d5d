import { digits, uuid } from '../../core/ids.ts';
import type { Challenge } from '../../cashier.ts';
import type { Card, Decline } from '../../core/cards.ts';
import type { StripeContext } from '../context.ts';
import type { PaymentIntent, PaymentMethod, SetupIntent } from '../objects.ts';
import { authorizePayment, declinePayment, startDebit, succeedPayment } from './charges.ts';
import { cardOf } from './method-object.ts';
import { typeOf } from './method-types.ts';
import { AUTHENTICATION_REQUIRED } from './test-cards.ts';
import { voucherAction } from './vouchers.ts';

export const DEBIT = 'stripe.debit.settle';
const DAY_MS = 86_400_000;

export interface Confirmation {
  offSession: boolean;
  returnUrl: string | null;
  /** The bank has just approved it. */
  isAuthenticated?: boolean;
  /** The hosted page takes `0341` once. */
  forgivesRenewalCard?: boolean;
}

type Forecast = { kind: 'approve' } | { kind: 'challenge' } | { kind: 'later' } | { kind: 'decline'; decline: Decline };

/** What confirming with the method will do; nothing is changed. */
export function forecast(stripe: StripeContext, method: PaymentMethod, how: Confirmation): Forecast {
  const instrument = stripe.instruments.get(method.id);
  const flow = typeOf(method.type)?.flow ?? 'card';
  if (flow === 'voucher' || flow === 'transfer' || flow === 'debit') return { kind: 'later' };
  if (flow === 'redirect')
    return how.isAuthenticated === true || how.offSession ? { kind: 'approve' } : { kind: 'challenge' };
  if (!instrument) return { kind: 'approve' };
  const { charge, authentication } = instrument.behaviour;
  const forgiven = how.forgivesRenewalCard === true && instrument.card?.renewal === 'declines';
  if (charge && !forgiven) return { kind: 'decline', decline: charge };
  const asks = authentication === 'always' || (authentication === 'unless_setup' && !instrument.isSetUp);
  if (!asks || how.isAuthenticated === true) return { kind: 'approve' };
  return how.offSession ? { kind: 'decline', decline: AUTHENTICATION_REQUIRED } : { kind: 'challenge' };
}

/** A page where a person plays the bank: approve or fail. */
export function openChallenge(
  stripe: StripeContext,
  intent: PaymentIntent | SetupIntent,
  card: Card | null,
  returnUrl: string | null,
): object {
  const challenge: Challenge = {
    id: uuid(),
    provider: 'stripe',
    checkoutId: intent.id,
    card: card ?? REDIRECTED,
    email: null,
    name: null,
    country: null,
  };
  stripe.sandbox.store.collection<Challenge>('sandbox/challenges').put(challenge);
  const url = `${stripe.sandbox.publicUrl()}/c/pay/${intent.id}/challenge/${challenge.id}`;
  return { redirect_to_url: { return_url: returnUrl, url }, type: 'redirect_to_url' };
}

/** Stands in the challenge's place for methods that have no card. */
const REDIRECTED: Card = {
  brand: 'visa',
  last4: '0000',
  bin: '000000',
  expMonth: 12,
  expYear: 2099,
  country: 'US',
  funding: 'debit',
  name: null,
  renewal: 'succeeds',
};

function requireAction(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod, action: object): void {
  Object.assign(intent, { status: 'requires_action', payment_method: method.id, next_action: action });
  stripe.paymentIntents.put(intent);
  stripe.emit('payment_intent.requires_action', intent);
}

/** Saved for later when the intent says so: attached to its customer, and known to the bank. */
function saveForLater(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): void {
  if (intent['setup_future_usage'] == null || intent.customer === null) return;
  const instrument = stripe.instruments.get(method.id);
  if (instrument) stripe.instruments.put({ ...instrument, isSetUp: true });
  if (method.customer !== null) return;
  method.customer = intent.customer;
  stripe.paymentMethods.put(method);
  stripe.emit('payment_method.attached', method);
}

function startLater(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): void {
  const type = typeOf(method.type);
  if (type?.flow === 'debit') {
    startDebit(stripe, intent, method);
    stripe.sandbox.agenda.plan(DEBIT, intent.id, stripe.sandbox.clock.nowMs() + type.settlesInDays * DAY_MS);
    return;
  }
  requireAction(stripe, intent, method, voucherAction(stripe, intent, method));
}

/** Confirms: the status it leaves says what happened, and hooks tell whoever waits for the money. */
export function confirmIntent(
  stripe: StripeContext,
  intent: PaymentIntent,
  method: PaymentMethod,
  how: Confirmation,
): Forecast {
  const notes = stripe.intentNotes.get(intent.id);
  if (notes) stripe.intentNotes.put({ ...notes, returnUrl: how.returnUrl ?? notes.returnUrl });
  const expected = forecast(stripe, method, how);
  switch (expected.kind) {
    case 'approve':
      saveForLater(stripe, intent, method);
      if (intent['capture_method'] === 'manual') authorizePayment(stripe, intent, method);
      else succeedPayment(stripe, intent, method);
      break;
    case 'challenge':
      requireAction(stripe, intent, method, openChallenge(stripe, intent, cardOf(stripe, method), how.returnUrl));
      break;
    case 'later':
      startLater(stripe, intent, method);
      break;
    case 'decline':
      declinePayment(stripe, intent, method, expected.decline);
      break;
  }
  return expected;
}

const DEBIT_FAILED: Decline = {
  code: 'payment_intent_payment_attempt_failed',
  declineCode: 'insufficient_funds',
  message: "The customer's account has insufficient funds to cover this payment.",
};

/** The bank answers a debit after its days, or now when a person says so. */
export function settleDebit(stripe: StripeContext, id: string): void {
  const intent = stripe.paymentIntents.get(id);
  const method = intent?.payment_method == null ? undefined : stripe.paymentMethods.get(intent.payment_method);
  if (!intent || !method || intent.status !== 'processing') return;
  stripe.sandbox.agenda.cancel(DEBIT, id);
  if (stripe.instruments.get(method.id)?.settles === false) declinePayment(stripe, intent, method, DEBIT_FAILED);
  else succeedPayment(stripe, intent, method);
}

export function scheduleDebits(stripe: StripeContext): void {
  stripe.sandbox.agenda.handle(DEBIT, (id) => settleDebit(stripe, id));
}

/** A mandate's reference as debits show it. */
export const newMandateId = (): string => `mandate_1${digits(16)}`;
