import { BillingError } from '../../domain/errors.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { OutcomeUnknownError } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { MoneyResult } from '../port-money.ts';
import type { CreateSubscriptionInput } from '../port-subscriptions.ts';
import { unixFromIso } from '../wire-time.ts';
import { ensureCustomer } from './customers.ts';
import { declineCodeOf } from './errors.ts';
import { leadingCharge } from './map.ts';
import { planOf } from './open-checkout.ts';
import { subscriptionsOf, withParts, type ReadSubscription } from './read-subscription.ts';
import { conektaCustomer, conektaSubscription, type ConektaCustomer, type ConektaSubscription } from './wire.ts';

/**
 * Subscribes a card. Conekta's subscriptions carry nothing of ours and there are no keys, so the intent is written into
 * the customer's metadata first (plan, and the newest subscription of that plan so far) and the result after it: a
 * repeat, or a search after a lost answer, reads it there and starts nothing twice.
 */
export async function createSubscription(
  api: JsonApi,
  input: CreateSubscriptionInput,
): Promise<MoneyResult<SubscriptionTruth>> {
  const budget = api.budget();
  const planId = planOf(input.line);
  const customerId =
    input.customer.providerCustomerId ?? (await ensureCustomer(api, input.customer, budget)).providerCustomerId;
  const before = await findNoted(api, { subscriptionId: input.subscriptionId, customerId }, budget);
  if (before) return startedOutcome(await withParts(api, before, null, budget));
  await noteIntent(api, { customerId, subscriptionId: input.subscriptionId, planId }, budget);
  const started = await start(api, customerId, planId, input, budget).catch(async (error: unknown) => {
    // Surely not started: an intent left behind would claim what somebody starts later.
    if (!(error instanceof OutcomeUnknownError))
      await note(api, customerId, input.subscriptionId, '', budget).catch(() => undefined);
    throw error;
  });
  // Without it the subscription is still found by its intent.
  await note(api, customerId, input.subscriptionId, started.id, budget).catch(() => undefined);
  return startedOutcome(await withParts(api, { ...started, customer_id: customerId }, null, budget));
}

function start(
  api: JsonApi,
  customerId: string,
  planId: string,
  input: CreateSubscriptionInput,
  budget: Budget,
): Promise<ConektaSubscription> {
  return api.call({
    operation: 'subscriptions.create',
    method: 'POST',
    path: `/customers/${encodeURIComponent(customerId)}/subscriptions`,
    body: {
      plan_id: planId,
      ...(input.providerPaymentMethodId === null ? {} : { card_id: input.providerPaymentMethodId }),
      ...(input.trialEnd === null ? {} : { trial_end: unixFromIso(input.trialEnd) }),
    },
    reply: conektaSubscription,
    budget,
  });
}

/** A failed first charge still answers 200, with `past_due`; Conekta then tries again by itself until it is canceled. */
export function startedOutcome({ truth, lastOrder }: ReadSubscription): MoneyResult<SubscriptionTruth> {
  if (truth.status !== 'past_due') return { outcome: 'succeeded', value: truth };
  const providerCode = (lastOrder && leadingCharge(lastOrder)?.failure_code) ?? null;
  return { outcome: 'declined', declineCode: declineCodeOf(providerCode), providerCode, value: truth };
}

/** What an intent became: noted, or the first subscription of its plan after it that no other intent claims. */
export async function findNoted(
  api: JsonApi,
  ref: { readonly subscriptionId: string; readonly customerId: string },
  budget: Budget,
): Promise<ConektaSubscription | null> {
  const metadata = (await readCustomer(api, ref.customerId, budget))?.metadata ?? {};
  const noted = metadata[noteKey(ref.subscriptionId)];
  if (typeof noted !== 'string' || noted === '') return null;
  return pickNoted(noted, Object.values(metadata), await subscriptionsOf(api, ref.customerId, budget));
}

/** @param noted A subscription's id, or `?<newest subscription of the plan then>?<plan>`. */
export function pickNoted(
  noted: string,
  others: readonly unknown[],
  subscriptions: readonly ConektaSubscription[],
): ConektaSubscription | null {
  if (!noted.startsWith('?')) return subscriptions.find(({ id }) => id === noted) ?? null;
  const [, newestId = '', ...plan] = noted.split('?');
  const since = subscriptions.find(({ id }) => id === newestId)?.created_at ?? 0;
  return (
    subscriptions
      .filter(({ id, plan_id }) => plan_id === plan.join('?') && id !== newestId && !others.includes(id))
      .filter(({ created_at }) => (created_at ?? 0) >= since)
      .toSorted((a, b) => (a.created_at ?? 0) - (b.created_at ?? 0))[0] ?? null
  );
}

async function noteIntent(
  api: JsonApi,
  input: { readonly customerId: string; readonly subscriptionId: string; readonly planId: string },
  budget: Budget,
): Promise<void> {
  const all = await subscriptionsOf(api, input.customerId, budget);
  const newest = all
    .filter(({ plan_id }) => plan_id === input.planId)
    .toSorted((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0))[0];
  try {
    await note(api, input.customerId, input.subscriptionId, `?${newest?.id ?? ''}?${input.planId}`, budget);
  } catch (error) {
    // Lost here, nothing is charged yet: no unknown outcome for the caller.
    if (!(error instanceof OutcomeUnknownError)) throw error;
    throw new BillingError({
      code: 'provider_unreachable',
      kind: 'unavailable',
      message: 'The provider did not take the note that must precede the subscription.',
      details: { provider: 'conekta', status: null, provider_code: error.providerCode },
      cause: error,
    });
  }
}

/** Whether a write of metadata merges is undocumented, so all of it is sent. */
async function note(
  api: JsonApi,
  customerId: string,
  subscriptionId: string,
  value: string,
  budget: Budget,
): Promise<void> {
  const customer = await readCustomer(api, customerId, budget);
  await api.call({
    operation: 'customers.update',
    method: 'PUT',
    path: `/customers/${encodeURIComponent(customerId)}`,
    body: { metadata: { ...customer?.metadata, [noteKey(subscriptionId)]: value } },
    reply: conektaCustomer,
    budget,
  });
}

function readCustomer(api: JsonApi, customerId: string, budget: Budget): Promise<ConektaCustomer | null> {
  return api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/customers/${encodeURIComponent(customerId)}`,
    reply: conektaCustomer,
    budget,
  });
}

function noteKey(subscriptionId: string): string {
  return `subscription_${subscriptionId}`;
}
