import type { Cashier, Challenge, CheckoutView, PayRequest, PayResult } from '../cashier.ts';
import { type Card, FAILED_AUTHENTICATION, judgeCard } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import type { StoredSession } from './objects.ts';
import { declineSession, locate, paySession, paySessionByBank } from './session-payment.ts';
import { withSessionId } from './session-object.ts';
import { answerIntent, intentView, payIntent } from './intent-pages.ts';
import { type VoucherFacts, voucherFacts } from './payments/vouchers.ts';
import { bankTypeOf, issueVoucher, settleIntent, typeForChoice } from './session-vouchers.ts';

function voucherFactsOf(stripe: StripeContext, { session }: StoredSession): VoucherFacts | null {
  const intent = session.payment_intent === null ? undefined : stripe.paymentIntents.get(session.payment_intent);
  return voucherFacts(intent?.next_action);
}

function stateOf(stripe: StripeContext, stored: StoredSession): CheckoutView['state'] {
  const { session } = stored;
  if (session.status !== 'complete') return session.status;
  return session.payment_status === 'unpaid' && voucherFactsOf(stripe, stored) ? 'voucher' : 'complete';
}

function voucherOf(stripe: StripeContext, stored: StoredSession): CheckoutView['voucher'] {
  const facts = voucherFactsOf(stripe, stored);
  if (!facts) return null;
  const { kind, reference, expiresAt } = facts;
  return {
    kind,
    reference,
    barcodeUrl: kind === 'cash' ? `${stripe.sandbox.publicUrl()}/_pages/barcode/${reference}.svg` : null,
    expiresAtMs: (expiresAt ?? stored.session.expires_at) * 1000,
    amountMinor: stored.session.amount_total,
  };
}

const takesCards = (types: readonly string[]): boolean => types.includes('card') || types.includes('link');

function methodsOf({ session }: StoredSession): CheckoutView['methods'] {
  const types = session.payment_method_types;
  const shown: CheckoutView['methods'] = [];
  // Without cards the form stands for the bank's page of the first other type.
  if (takesCards(types) || bankTypeOf(types) !== undefined) shown.push('card');
  if (session.mode === 'payment' && typeForChoice(types, 'cash') !== undefined) shown.push('cash');
  if (session.mode === 'payment' && typeForChoice(types, 'spei') !== undefined) shown.push('spei');
  return shown;
}

function viewOf(stripe: StripeContext, stored: StoredSession): CheckoutView {
  const { session, plan } = stored;
  const recurring = plan.lines.find((line) => line.price.recurring)?.price.recurring;
  const customer = session.customer === null ? undefined : stripe.customers.get(session.customer);
  const discount = plan.lines.reduce((sum, line) => sum + line.discount, 0);
  return {
    provider: 'stripe',
    id: session.id,
    state: stateOf(stripe, stored),
    mode: session.mode,
    merchant: 'Sandbox Merchant',
    lines: plan.lines.map((line) => ({
      name: line.productName,
      detail: line.description,
      quantity: line.quantity,
      amountMinor: line.subtotal,
    })),
    discountMinor: discount,
    taxMinor: plan.lines.reduce((sum, line) => sum + line.tax, 0),
    totalMinor: session.amount_total,
    currency: session.currency.toUpperCase(),
    recurring: recurring ? { interval: recurring.interval, count: recurring.interval_count } : null,
    trialDays: plan.trialEnd === null ? null : Math.round((plan.trialEnd - session.created) / 86_400),
    email: customer?.email ?? session.customer_email,
    name: customer?.name ?? null,
    country: null,
    methods: methodsOf(stored),
    backUrl: withSessionId(session.cancel_url, session),
    doneUrl: withSessionId(session.success_url, session),
    voucher: voucherOf(stripe, stored),
    pageUrl: `${stripe.sandbox.publicUrl()}/c/pay/${session.id}`,
    locale: session.locale,
  };
}

export function createStripeCashier(stripe: StripeContext): Cashier {
  const stored = (id: string): StoredSession | undefined =>
    stripe.sessions.get(id) ?? stripe.sessions.findBy('lookup', id).at(-1);

  function challenge(session: StoredSession, card: Card, request: PayRequest): PayResult {
    const challenges = stripe.sandbox.store.collection<Challenge>('sandbox/challenges');
    const { email, name, country } = request;
    const made = challenges.put({ id: uuid(), provider: 'stripe', checkoutId: session.id, card, email, name, country });
    return { kind: 'challenge', challengeId: made.id };
  }

  function pay(id: string, request: PayRequest): PayResult {
    const found = stored(id);
    if (!found) return payIntent(stripe, id, request);
    if (found.session.status !== 'open')
      return { kind: 'refused', field: null, message: 'This checkout session is no longer open.' };
    if (!methodsOf(found).includes(request.method))
      return { kind: 'refused', field: 'method', message: 'This payment method is not available.' };
    if (request.method !== 'card') return issueVoucher(stripe, found, request.method, request);
    const bankType = bankTypeOf(found.session.payment_method_types);
    if (!takesCards(found.session.payment_method_types) && bankType !== undefined) {
      paySessionByBank(stripe, found, bankType, request);
      return { kind: 'paid' };
    }
    if (!request.card) return { kind: 'refused', field: 'number', message: 'Your card number is incomplete.' };
    const verdict = judgeCard('stripe', request.card);
    locate(stripe, found, request);
    if (verdict.outcome === 'challenge') return challenge(found, verdict.card, request);
    if (verdict.decline) {
      declineSession(stripe, found, verdict.card, request, verdict.decline);
      return { kind: 'declined', decline: verdict.decline };
    }
    paySession(stripe, found, verdict.card, request);
    return { kind: 'paid' };
  }

  return {
    provider: 'stripe',
    find(id) {
      const found = stored(id);
      return found ? viewOf(stripe, found) : intentView(stripe, id);
    },
    pay,
    answerChallenge(answered, approved) {
      if (!answered.checkoutId.startsWith('cs_')) return answerIntent(stripe, answered, approved);
      const found = stored(answered.checkoutId);
      if (!found || found.session.status !== 'open')
        return { kind: 'refused', field: null, message: 'This checkout session is no longer open.' };
      if (approved) {
        paySession(stripe, found, answered.card, answered);
        return { kind: 'paid' };
      }
      declineSession(stripe, found, answered.card, answered, FAILED_AUTHENTICATION);
      return { kind: 'declined', decline: FAILED_AUTHENTICATION };
    },
    settleVoucher(id) {
      const found = stored(id);
      return settleIntent(stripe, found?.session.payment_intent ?? id);
    },
  };
}
