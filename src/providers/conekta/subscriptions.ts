import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { asUnknown, notSupported, rejected } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { MoneyResult } from '../port-money.ts';
import type { ChangeSubscriptionInput, SubscriptionOperations, SubscriptionRef } from '../port-subscriptions.ts';
import { unixFromIso } from '../wire-time.ts';
import { createSubscription, findNoted, startedOutcome } from './create-subscription.ts';
import { ConektaDeclinedError } from './errors.ts';
import { pageParams, toPage } from './paging.ts';
import { readSubscription, subscriptionPath, withParts, type ReadSubscription } from './read-subscription.ts';
import { conektaSubscription, conektaSubscriptionPage, type ConektaSubscription } from './wire.ts';

const ENDED = new Set<SubscriptionTruth['status']>(['canceled', 'expired']);

/** Cards only; everything happens at once. There is no preview, proration, quantity, cancel at period end or undo. */
export function createConektaSubscriptions(api: JsonApi) {
  return {
    async get(ref) {
      return (await readSubscription(api, ref, api.budget()))?.truth ?? null;
    },
    list: (query) => listSubscriptions(api, query),
    create: (input) => createSubscription(api, input).catch(asOutcome),
    async find({ subscriptionId, providerCustomerId }) {
      const budget = api.budget();
      const found = await findNoted(api, { subscriptionId, customerId: providerCustomerId }, budget);
      return found && (await withParts(api, found, null, budget)).truth;
    },
    change: (input) => changePlan(api, input).catch(asOutcome),
    async cancel(input) {
      if (input.when !== 'now') throw notSupported('conekta', 'cancel at the end of a period');
      const budget = api.budget();
      const before = await mustRead(api, input, budget);
      return ENDED.has(before.truth.status) ? before.truth : (await act(api, input, 'cancel', budget)).truth;
    },
    async pause(input) {
      if (input.when !== 'now') throw notSupported('conekta', 'pause at the end of a period');
      if (input.resumesAt !== null) throw notSupported('conekta', 'end a pause by itself');
      const budget = api.budget();
      const before = await mustRead(api, input, budget);
      return before.truth.status === 'paused' ? before.truth : (await act(api, input, 'pause', budget)).truth;
    },
    resume: (ref) => whenNeeded(api, ref, 'resume', 'paused').catch(asOutcome),
    retryPayment: (ref) => whenNeeded(api, ref, 'retry', 'past_due').catch(asOutcome),
    async setPaymentMethod(input) {
      return (await put(api, input, { card_id: input.providerPaymentMethodId }, api.budget())).truth;
    },
    async setTrialEnd(input) {
      return (await put(api, input, { trial_end: unixFromIso(input.trialEnd) }, api.budget())).truth;
    },
  } satisfies SubscriptionOperations;
}

async function listSubscriptions(api: JsonApi, query: Parameters<SubscriptionOperations['list']>[0]) {
  const budget = api.budget();
  const page = await api.find({
    operation: 'subscriptions.list',
    method: 'GET',
    path: `/customers/${encodeURIComponent(query.providerCustomerId)}/subscriptions`,
    query: pageParams(query),
    reply: conektaSubscriptionPage,
    budget,
  });
  if (!page) return { items: [], nextCursor: null };
  const newestFirst = page.data.toSorted((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0));
  const read = await Promise.all(newestFirst.map((subscription) => withParts(api, subscription, null, budget)));
  return toPage(
    page,
    read.map(({ truth }) => truth),
  );
}

/** The new plan counts from the next charge on: Conekta settles no difference. */
async function changePlan(api: JsonApi, input: ChangeSubscriptionInput): Promise<MoneyResult<SubscriptionTruth>> {
  if (input.quantity !== null && input.quantity !== 1) throw notSupported('conekta', 'change a quantity');
  if (input.when !== 'now') throw notSupported('conekta', 'change at the end of a period');
  if (input.proration !== 'none') throw notSupported('conekta', 'settle the difference of a change');
  const budget = api.budget();
  const before = await mustRead(api, input, budget);
  const planId = input.price?.providerPriceId ?? input.price?.providerProductId ?? null;
  if (planId === null) return { outcome: 'succeeded', value: before.truth };
  const after = await put(api, input, { plan_id: planId }, budget);
  return before.truth.status === 'past_due' ? { outcome: 'succeeded', value: after.truth } : startedOutcome(after);
}

/** Resumes or collects; a subscription that is not in `from` needs neither. */
async function whenNeeded(
  api: JsonApi,
  ref: SubscriptionRef,
  action: 'resume' | 'retry',
  from: SubscriptionTruth['status'],
): Promise<MoneyResult<SubscriptionTruth>> {
  const budget = api.budget();
  const before = await mustRead(api, ref, budget);
  return startedOutcome(before.truth.status === from ? await act(api, ref, action, budget) : before);
}

async function act(
  api: JsonApi,
  ref: SubscriptionRef,
  action: 'cancel' | 'pause' | 'resume' | 'retry',
  budget: Budget,
): Promise<ReadSubscription> {
  const answered = await api.call({
    operation: `subscriptions.${action}`,
    method: 'POST',
    path: `${subscriptionPath(ref)}/${action}`,
    reply: conektaSubscription,
    budget,
  });
  return withParts(api, under(ref, answered), null, budget);
}

async function put(
  api: JsonApi,
  ref: SubscriptionRef,
  body: Readonly<Record<string, unknown>>,
  budget: Budget,
): Promise<ReadSubscription> {
  const answered = await api.call({
    operation: 'subscriptions.update',
    method: 'PUT',
    path: subscriptionPath(ref),
    body,
    reply: conektaSubscription,
    budget,
  });
  return withParts(api, under(ref, answered), null, budget);
}

function under(ref: SubscriptionRef, subscription: ConektaSubscription): ConektaSubscription {
  return { ...subscription, customer_id: subscription.customer_id ?? ref.providerCustomerId };
}

async function mustRead(api: JsonApi, ref: SubscriptionRef, budget: Budget): Promise<ReadSubscription> {
  const found = await readSubscription(api, ref, budget);
  if (found) return found;
  throw rejected({ provider: 'conekta', status: 404, providerCode: 'resource_not_found' });
}

function asOutcome(error: unknown): MoneyResult<SubscriptionTruth> {
  if (!(error instanceof ConektaDeclinedError)) return asUnknown(error);
  return { outcome: 'declined', declineCode: error.declineCode, providerCode: error.providerCode, value: null };
}
