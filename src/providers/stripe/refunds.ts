import type Stripe from 'stripe';
import { BillingError } from '../../domain/errors.ts';
import type { RefundReason, RefundTruth } from '../../domain/payment/truth.ts';
import { paymentNotRefundable, refundExceedsPayment } from '../failures.ts';
import type { CreateRefundInput, MoneyResult, RefundOperations } from '../port-money.ts';
import { isoFromUnix } from '../wire-time.ts';
import { fromStripeAmount, toStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { declined } from './declines.ts';
import { detailOf, isStripeCode } from './errors.ts';
import { moneyResult } from './money-result.ts';
import { everyItem } from './page.ts';
import { expanded, idOf, listOf, stripePaymentIntent } from './wire.ts';
import { stripeRefund, type StripeRefund } from './wire-money.ts';

/** Ours stays in the metadata; Stripe knows three, and shows them to the card networks. */
const REASONS = {
  requested_by_customer: 'requested_by_customer',
  duplicate: 'duplicate',
  fraudulent: 'fraudulent',
  service_disruption: 'requested_by_customer',
  other: 'requested_by_customer',
} as const satisfies Record<RefundReason, Stripe.RefundCreateParams.Reason>;

export function createStripeRefunds(api: StripeApi): RefundOperations {
  return {
    create: (input) => createRefund(api, input),
    async list({ providerPaymentId }) {
      const newestFirst = await everyItem(api, {
        operation: 'refunds.list',
        reply: listOf(stripeRefund),
        budget: api.budget(),
        send: (stripe, page, options) => stripe.refunds.list({ ...page, ...paymentParams(providerPaymentId) }, options),
      });
      return newestFirst.toReversed().map(mapRefund);
    },
  };
}

async function createRefund(api: StripeApi, input: CreateRefundInput): Promise<MoneyResult<RefundTruth>> {
  const amount = toStripeAmount(input.amount);
  try {
    return await moneyResult(async () => {
      const refund = await api.call({
        operation: 'refunds.create',
        reply: stripeRefund,
        budget: api.budget(),
        key: `${input.idempotencyKey}:refund`,
        send: (stripe, options) =>
          stripe.refunds.create(
            {
              ...paymentParams(input.providerPaymentId),
              amount,
              reason: REASONS[input.reason],
              metadata: { refund_id: input.refundId, reason: input.reason },
            },
            options,
          ),
      });
      return refundResult(refund);
    });
  } catch (error) {
    throw await refusalOf(api, input.providerPaymentId, error);
  }
}

/** For an amount above the rest Stripe documents no code, only the parameter that is wrong. */
async function refusalOf(api: StripeApi, paymentId: string, error: unknown): Promise<unknown> {
  if (!(error instanceof BillingError) || error.kind !== 'invalid') return error;
  if (isStripeCode(error, 'charge_already_refunded')) return refundExceedsPayment('stripe', 0);
  if (isStripeCode(error, 'charge_disputed')) return paymentNotRefundable('stripe', 'disputed');
  if (isStripeCode(error, 'payment_intent_unexpected_state') || isStripeCode(error, 'charge_not_captured')) {
    return paymentNotRefundable('stripe', 'not_captured');
  }
  if (isStripeCode(error, 'resource_missing') || isStripeCode(error, 'charge_invalid_parameter')) return error;
  const left = await refundable(api, paymentId);
  if (left === null) return error;
  if (!left.isCaptured) return paymentNotRefundable('stripe', 'not_captured');
  return detailOf(error, 'param') === 'amount' || left.amountMinor === 0
    ? refundExceedsPayment('stripe', left.amountMinor)
    : error;
}

async function refundable(
  api: StripeApi,
  paymentId: string,
): Promise<{ readonly amountMinor: number; readonly isCaptured: boolean } | null> {
  if ('charge' in paymentParams(paymentId)) return null;
  const intent = await api.find({
    operation: 'payment_intents.get',
    reply: stripePaymentIntent,
    budget: api.budget(),
    send: (stripe, options) => stripe.paymentIntents.retrieve(paymentId, { expand: ['latest_charge'] }, options),
  });
  if (!intent) return null;
  const left = (intent.amount_received ?? 0) - (expanded(intent.latest_charge)?.amount_refunded ?? 0);
  return {
    amountMinor: fromStripeAmount(Math.max(0, left), intent.currency).amountMinor,
    isCaptured: intent.status === 'succeeded',
  };
}

function refundResult(refund: StripeRefund): MoneyResult<RefundTruth> {
  const value = mapRefund(refund);
  switch (value.status) {
    case 'succeeded':
      return { outcome: 'succeeded', value };
    case 'pending':
      return { outcome: 'pending', value, nextAction: null };
    case 'failed':
    case 'canceled':
      return { ...declined(refund.failure_reason ?? refund.status), value };
  }
}

/** `requires_action`: the customer must still say where the money shall go. */
export function refundStatus(status: string | null | undefined): RefundTruth['status'] {
  switch (status) {
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return status;
    default:
      return 'pending';
  }
}

export function mapRefund(refund: StripeRefund): RefundTruth {
  return {
    providerRefundId: refund.id,
    providerPaymentId: idOf(refund.payment_intent) ?? idOf(refund.charge) ?? '',
    refundId: refund.metadata?.refund_id ?? null,
    status: refundStatus(refund.status),
    amount: fromStripeAmount(refund.amount, refund.currency),
    taxMinor: null,
    createdAt: isoFromUnix(refund.created),
  };
}

/** A payment is an intent; only what was charged without one is named by its charge. */
function paymentParams(id: string): { readonly payment_intent: string } | { readonly charge: string } {
  return /^(ch|py)_/.test(id) ? { charge: id } : { payment_intent: id };
}
