import type Stripe from 'stripe';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { notSupported } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { MoneyResult } from '../port-money.ts';
import type { SubscriptionOperations } from '../port-subscriptions.ts';
import { unixFromIso } from '../wire-time.ts';
import { payInvoice } from './pay-invoice.ts';
import type { StripeApi } from './client.ts';
import { isStoredFailure } from './errors.ts';
import { moneyResult } from './money-result.ts';
import { readSubscription, readWire } from './read-subscription.ts';
import { releaseSchedule } from './subscription-schedule.ts';
import { listOf, stripeInvoice, stripeSubscription, type StripeInvoice, type StripeSubscription } from './wire.ts';

type Lifecycle = Required<
  Pick<
    SubscriptionOperations,
    'cancel' | 'undoCancel' | 'pause' | 'resume' | 'setTrialEnd' | 'retryPayment' | 'setPaymentMethod'
  >
>;
type CancelInput = Parameters<SubscriptionOperations['cancel']>[0];

/** The only words Stripe's `cancellation_details.feedback` takes. */
const FEEDBACK = new Set([
  'customer_service',
  'low_quality',
  'missing_features',
  'other',
  'switched_service',
  'too_complex',
  'too_expensive',
  'unused',
]);
const HAS_ENDED = new Set(['canceled', 'incomplete_expired']);

export function createLifecycle(api: StripeApi): Lifecycle {
  return {
    cancel: (input) => cancelSubscription(api, input),
    undoCancel: ({ providerSubscriptionId }) =>
      updated(api, {
        operation: 'subscriptions.undo_cancel',
        id: providerSubscriptionId,
        params: { cancel_at_period_end: false },
      }),
    /**
     * By `pause_collection`, since it alone can name its end, leaves no credit for unused time on the next invoice and
     * goes with a planned change. Invoices of the pause are voided.
     */
    async pause({ providerSubscriptionId, when, resumesAt }) {
      if (when === 'period_end') throw notSupported('stripe', "pause at the period's end");
      return updated(api, {
        operation: 'subscriptions.pause',
        id: providerSubscriptionId,
        params: {
          pause_collection: {
            behavior: 'void',
            ...(resumesAt === null ? {} : { resumes_at: unixFromIso(resumesAt) }),
          },
        },
      });
    },
    resume: (input) => resumeSubscription(api, input),
    setTrialEnd: ({ providerSubscriptionId, trialEnd }) =>
      updated(api, {
        operation: 'subscriptions.set_trial_end',
        id: providerSubscriptionId,
        params: { trial_end: unixFromIso(trialEnd), proration_behavior: 'none' },
      }),
    retryPayment: (input) => retryPayment(api, input),
    setPaymentMethod: ({ providerSubscriptionId, providerPaymentMethodId }) =>
      updated(api, {
        operation: 'subscriptions.set_payment_method',
        id: providerSubscriptionId,
        params: { default_payment_method: providerPaymentMethodId },
      }),
  };
}

async function updated(
  api: StripeApi,
  call: {
    readonly operation: string;
    readonly id: string;
    readonly params: Stripe.SubscriptionUpdateParams;
  },
): Promise<SubscriptionTruth> {
  const budget = api.budget();
  await update(api, { ...call, budget });
  return readSubscription(api, call.id, budget);
}

async function update(
  api: StripeApi,
  call: Parameters<typeof updated>[1] & { readonly budget: Budget },
): Promise<StripeSubscription> {
  return api.call({
    operation: call.operation,
    reply: stripeSubscription,
    budget: call.budget,
    send: (stripe, options) => stripe.subscriptions.update(call.id, call.params, options),
  });
}

/** Stripe refuses to cancel what a schedule manages, so a planned change goes first: it would never come. */
async function cancelSubscription(api: StripeApi, input: CancelInput): Promise<SubscriptionTruth> {
  const budget = api.budget();
  const { providerSubscriptionId: id, reason, comment } = input;
  const before = await readWire(api, id, budget);
  if (HAS_ENDED.has(before.status)) return readSubscription(api, id, budget);
  await releaseSchedule(api, before, budget);
  const feedback = reason === null ? null : FEEDBACK.has(reason) ? reason : 'other';
  const details = { ...(comment === null ? {} : { comment }), ...(feedback === null ? {} : { feedback }) };
  const cancellation = Object.keys(details).length === 0 ? {} : { cancellation_details: details };
  if (input.when === 'period_end') {
    const params = { cancel_at_period_end: true, ...cancellation };
    await update(api, { operation: 'subscriptions.cancel', id, params, budget });
  } else {
    await api.find({
      operation: 'subscriptions.cancel',
      reply: stripeSubscription,
      budget,
      // A DELETE: v1 keeps no keys for those. One that lost the race finds nothing to cancel.
      send: (stripe, options) => stripe.subscriptions.cancel(id, cancellation, options),
    });
  }
  return readSubscription(api, id, budget);
}

/** A pause of collection is cleared; Stripe's own `paused` needs `/resume`, which may charge at once. */
async function resumeSubscription(
  api: StripeApi,
  input: Parameters<Lifecycle['resume']>[0],
): Promise<MoneyResult<SubscriptionTruth>> {
  const budget = api.budget();
  const { providerSubscriptionId: id, idempotencyKey } = input;
  const before = await readWire(api, id, budget);
  return moneyResult(async () => {
    if (before.pause_collection) {
      const call = { operation: 'subscriptions.resume', id, budget };
      await update(api, { ...call, params: { pause_collection: '' } });
    }
    if (before.status === 'paused') {
      await resumePaused(api, id, idempotencyKey, budget);
    }
    const value = await readSubscription(api, id, budget);
    // Without an accepted payment the subscription stays paused until the invoice is paid.
    return value.status === 'paused'
      ? { outcome: 'pending', value, nextAction: null }
      : { outcome: 'succeeded', value };
  });
}

/** What was begun by a call whose failure is stored has an open invoice, or is not paused any more: then it is read. */
async function resumePaused(api: StripeApi, id: string, idempotencyKey: string, budget: Budget): Promise<void> {
  try {
    await api.call({
      operation: 'subscriptions.resume',
      reply: stripeSubscription,
      budget,
      key: `${idempotencyKey}:resume:paused`,
      isRepeatable: async () => (await openInvoice(api, id, budget)) === null,
      send: (stripe, options) => stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: 'now' } }, options),
    });
  } catch (error) {
    if (!isStoredFailure(error) || (await openInvoice(api, id, budget)) === null) throw error;
  }
}

async function openInvoice(api: StripeApi, subscriptionId: string, budget: Budget): Promise<StripeInvoice | null> {
  const open = await api.call({
    operation: 'invoices.list',
    reply: listOf(stripeInvoice),
    budget,
    send: (stripe, options) =>
      stripe.invoices.list({ subscription: subscriptionId, status: 'open', limit: 1 }, options),
  });
  return open.data[0] ?? null;
}

/** The newest open invoice; nothing to collect is where one wanted to be. */
async function retryPayment(
  api: StripeApi,
  input: Parameters<Lifecycle['retryPayment']>[0],
): Promise<MoneyResult<SubscriptionTruth>> {
  const budget = api.budget();
  const { providerSubscriptionId: id, idempotencyKey } = input;
  const invoice = await openInvoice(api, id, budget);
  if (!invoice) return { outcome: 'succeeded', value: await readSubscription(api, id, budget) };
  const paid = await payInvoice(api, {
    providerInvoiceId: invoice.id,
    providerPaymentMethodId: null,
    idempotencyKey,
    budget,
  });
  if (paid.outcome === 'unknown') return paid;
  return { ...paid, value: await readSubscription(api, id, budget) };
}
