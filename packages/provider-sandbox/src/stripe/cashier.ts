import type { Cashier, Challenge, CheckoutView, PayRequest, PayResult } from '../cashier.ts';
import { type Card, FAILED_AUTHENTICATION, judgeCard } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import type { StoredSession } from './objects.ts';
import { declineSession, paySession } from './session-payment.ts';
import { withSessionId } from './session-object.ts';
import { issueVoucher, settleVoucher } from './vouchers.ts';

function stateOf({ session, plan }: StoredSession): CheckoutView['state'] {
  if (session.status !== 'complete') return session.status;
  return session.payment_status === 'unpaid' && plan.voucherReference !== null ? 'voucher' : 'complete';
}

function voucherOf(stripe: StripeContext, { session, plan }: StoredSession): CheckoutView['voucher'] {
  if (plan.voucherReference === null || plan.voucherKind === null) return null;
  return {
    kind: plan.voucherKind,
    reference: plan.voucherReference,
    barcodeUrl:
      plan.voucherKind === 'cash' ? `${stripe.sandbox.publicUrl()}/_pages/barcode/${plan.voucherReference}.svg` : null,
    expiresAtMs: (plan.voucherExpiresAt ?? session.expires_at) * 1000,
    amountMinor: session.amount_total,
  };
}

function methodsOf({ session }: StoredSession): CheckoutView['methods'] {
  const shown: CheckoutView['methods'] = [];
  if (session.payment_method_types.some((type) => type === 'card' || type === 'link')) shown.push('card');
  if (session.payment_method_types.includes('oxxo')) shown.push('cash');
  if (session.payment_method_types.includes('customer_balance')) shown.push('spei');
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
    state: stateOf(stored),
    mode: session.mode,
    merchant: 'Sandbox Merchant',
    lines: plan.lines.map((line) => ({
      name: line.productName,
      detail: line.description,
      quantity: line.quantity,
      amountMinor: line.subtotal,
    })),
    discountMinor: discount,
    taxMinor: 0,
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
    if (!found) return { kind: 'refused', field: null, message: 'No such session.' };
    if (found.session.status !== 'open')
      return { kind: 'refused', field: null, message: 'This checkout session is no longer open.' };
    if (!methodsOf(found).includes(request.method))
      return { kind: 'refused', field: 'method', message: 'This payment method is not available.' };
    if (request.method !== 'card') return issueVoucher(stripe, found, request.method, request);
    if (!request.card) return { kind: 'refused', field: 'number', message: 'Your card number is incomplete.' };
    const verdict = judgeCard('stripe', request.card);
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
      return found ? viewOf(stripe, found) : null;
    },
    pay,
    answerChallenge(answered, approved) {
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
      return found ? settleVoucher(stripe, found) : { kind: 'refused', field: null, message: 'No such session.' };
    },
  };
}
