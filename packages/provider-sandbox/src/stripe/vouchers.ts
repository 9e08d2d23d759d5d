import type { PayResult } from '../cashier.ts';
import { digits } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import type { StoredSession } from './objects.ts';
import { type BillingDetails, newPaymentMethod, succeedPayment } from './payments.ts';
import { completeSession, ensureCustomer, intentOf } from './session-payment.ts';

export const VOUCHER_EXPIRY = 'stripe.voucher.expire';
const DAY_MS = 86_400_000;
const MEXICO_CITY_OFFSET_MS = 6 * 3_600_000;

/** 23:59:59 in Mexico City (UTC−6 all year since 2022), that many days ahead, in Unix seconds. */
function endOfMexicanDay(fromMs: number, days: number): number {
  const local = fromMs - MEXICO_CITY_OFFSET_MS + days * DAY_MS;
  return Math.floor(local / DAY_MS) * 86_400 + 86_399 + MEXICO_CITY_OFFSET_MS / 1000;
}

function nextAction(stripe: StripeContext, stored: StoredSession, reference: string): object {
  const { plan, session } = stored;
  if (plan.voucherKind === 'cash') {
    const details = {
      expires_after: plan.voucherExpiresAt,
      hosted_voucher_url: `${stripe.sandbox.publicUrl()}/c/pay/${session.id}`,
      number: reference,
    };
    return { oxxo_display_details: details, type: 'oxxo_display_details' };
  }
  const spei = {
    account_holder_name: 'Sandbox Merchant',
    bank_code: reference.slice(0, 3),
    bank_name: 'STP',
    clabe: reference,
  };
  return {
    display_bank_transfer_instructions: {
      amount_remaining: session.amount_total,
      currency: session.currency,
      financial_addresses: [{ spei, supported_networks: ['spei'], type: 'spei' }],
      hosted_instructions_url: `${stripe.sandbox.publicUrl()}/c/pay/${session.id}`,
      reference: digits(7),
      type: 'mx_bank_transfer',
    },
    type: 'display_bank_transfer_instructions',
  };
}

/** OXXO or SPEI: the session completes unpaid and waits for the money. */
export function issueVoucher(
  stripe: StripeContext,
  stored: StoredSession,
  method: 'cash' | 'spei',
  billing: BillingDetails,
): PayResult {
  const { session, plan } = stored;
  if (session.mode !== 'payment')
    return { kind: 'refused', field: 'method', message: 'Vouchers pay one-time purchases only.' };
  ensureCustomer(stripe, session, billing);
  const type = method === 'cash' ? 'oxxo' : 'customer_balance';
  const reference = method === 'cash' ? digits(34) : `646180${digits(12)}`;
  const now = stripe.sandbox.clock.nowMs();
  Object.assign(plan, {
    voucherKind: method,
    voucherReference: reference,
    voucherExpiresAt: method === 'cash' ? endOfMexicanDay(now, plan.oxxoDays) : null,
  });
  const intent = intentOf(stripe, stored, [type]);
  const payment = newPaymentMethod(stripe, { type, card: null, customer: session.customer, billing });
  Object.assign(intent, {
    status: 'requires_action',
    payment_method: payment.id,
    next_action: nextAction(stripe, stored, reference),
  });
  stripe.paymentIntents.put(intent);
  stripe.emit('payment_intent.requires_action', intent);
  completeSession(stripe, stored, billing, false);
  if (plan.voucherExpiresAt !== null)
    stripe.sandbox.agenda.plan(VOUCHER_EXPIRY, session.id, plan.voucherExpiresAt * 1000);
  return { kind: 'voucher' };
}

export function settleVoucher(stripe: StripeContext, stored: StoredSession): PayResult {
  const { session, plan } = stored;
  const intent = session.payment_intent === null ? undefined : stripe.paymentIntents.get(session.payment_intent);
  const method = intent?.payment_method == null ? undefined : stripe.paymentMethods.get(intent.payment_method);
  if (!intent || !method || intent.status !== 'requires_action') {
    return { kind: 'refused', field: null, message: 'This session waits for no voucher.' };
  }
  succeedPayment(stripe, intent, method, { ...session.metadata, ...plan.paymentIntentMetadata });
  session.payment_status = 'paid';
  stripe.sessions.put(stored);
  stripe.sandbox.agenda.cancel(VOUCHER_EXPIRY, session.id);
  stripe.emit('checkout.session.async_payment_succeeded', session);
  return { kind: 'paid' };
}

export function scheduleVouchers(stripe: StripeContext): void {
  stripe.sandbox.agenda.handle(VOUCHER_EXPIRY, (id) => {
    const stored = stripe.sessions.get(id);
    const intent =
      stored?.session.payment_intent == null ? undefined : stripe.paymentIntents.get(stored.session.payment_intent);
    if (!stored || !intent || intent.status !== 'requires_action') return;
    Object.assign(intent, {
      status: 'requires_payment_method',
      next_action: null,
      last_payment_error: {
        code: 'payment_intent_payment_attempt_expired',
        message: 'The latest payment attempt for this PaymentIntent has expired.',
        type: 'invalid_request_error',
      },
    });
    stripe.paymentIntents.put(intent);
    stripe.emit('payment_intent.payment_failed', intent);
    stripe.emit('checkout.session.async_payment_failed', stored.session);
  });
}
