import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import { declineCodes, type DeclineCode } from '../../domain/payment/decline.ts';
import { asUnknown, notSupported } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { Page, PageQuery } from '../port.ts';
import type { MoneyResult } from '../port-money.ts';
import type { ChangeSubscriptionInput, SubscriptionOperations } from '../port-subscriptions.ts';
import { isDeclined, stateConflict } from './errors.ts';
import { GRANT_MARK } from './map-catalog.ts';
import { readPage } from './paging.ts';
import { cancellationOf, changesOf, type SubscriptionPatch } from './subscription-bodies.ts';
import { mustFindSubscription, readTruth, truthOf, truthsOf } from './subscription-truth.ts';
import { polarSubscription, type PolarSubscription } from './wire-money.ts';

/**
 * Each change is read first and sent only where it still does something: without idempotency keys that is what makes
 * it harmless to repeat. Absent: `create` (the API starts free subscriptions only; what costs money starts at a hosted
 * page) and with it `find`; `preview`; `retryPayment` and `setPaymentMethod`, which only the customer has, in the portal.
 */
export function createPolarSubscriptions(api: JsonApi): SubscriptionOperations {
  return {
    get: ({ providerSubscriptionId }) => readTruth(api, providerSubscriptionId),
    list: ({ providerCustomerId, ...query }) =>
      listSold(api, 'subscriptions.list', { customer_id: providerCustomerId }, query),
    listAll: (query) => listSold(api, 'subscriptions.listAll', {}, query),
    cancel: (input) => cancel(api, input),
    undoCancel: ({ providerSubscriptionId: id }) =>
      bring(api, id, (now) => {
        if (hasEnded(now)) throw stateConflict('the subscription has ended');
        return now.cancel_at_period_end ? { cancel_at_period_end: false } : null;
      }),
    async pause({ providerSubscriptionId: id, when, resumesAt }) {
      if (when === 'now') throw notSupported('polar', 'pause at once: a pause begins at the period’s end');
      return bring(api, id, (now) => (isPaused(now, resumesAt) ? null : pauseOf(resumesAt)));
    },
    resume: async ({ providerSubscriptionId: id }) => {
      const result = await charged(api, id, (now) => {
        if (hasEnded(now)) throw stateConflict('the subscription has ended');
        if (now.status === 'paused') return [{ resume: true }];
        return now.pause_at_period_end ? [{ pause_at_period_end: false }] : [];
      });
      return result.outcome === 'succeeded' ? unlessPastDue(result.value) : result;
    },
    change: (input: ChangeSubscriptionInput) =>
      charged(api, input.providerSubscriptionId, (now) => changesOf(now, input)),
    cancelChange: ({ providerSubscriptionId: id }) =>
      bring(api, id, (now) => (now.pending_update == null ? null : { pending_update: null })),
    setTrialEnd: ({ providerSubscriptionId: id, trialEnd }) =>
      bring(api, id, (now) => (isSameTime(now.trial_end, trialEnd) ? null : { trial_end: trialEnd })),
  };
}

async function listSold(
  api: JsonApi,
  operation: string,
  filter: Readonly<Record<string, string>>,
  query: PageQuery,
): Promise<Page<SubscriptionTruth>> {
  const page = await readPage(
    api,
    {
      ...{ operation, path: '/v1/subscriptions/', item: polarSubscription },
      query: { ...filter, sorting: '-started_at' },
    },
    query,
  );
  // What `benefits.grant` made is a grant, told with the grants.
  const sold = page.items.filter(({ metadata }) => !(GRANT_MARK in metadata));
  return { items: await truthsOf(api, sold), nextCursor: page.nextCursor };
}

async function cancel(
  api: JsonApi,
  input: Parameters<SubscriptionOperations['cancel']>[0],
): Promise<SubscriptionTruth> {
  const { providerSubscriptionId: id, when, reason, comment } = input;
  try {
    return await bring(api, id, (now) => {
      if (hasEnded(now) || (when === 'period_end' && now.cancel_at_period_end)) return null;
      return {
        ...(when === 'now' ? { revoke: true } : { cancel_at_period_end: true }),
        ...cancellationOf(reason, comment),
      };
    });
  } catch (error) {
    if (!(error instanceof BillingError) || error.code !== 'provider_state_conflict') throw error;
    // Ended, or canceled, between our reading and our asking.
    return truthOf(api, await mustFindSubscription(api, id));
  }
}

/** Reads, sends what is still to do, and answers how it then stands. */
async function bring(
  api: JsonApi,
  id: string,
  patchOf: (now: PolarSubscription) => SubscriptionPatch | null,
): Promise<SubscriptionTruth> {
  const now = await mustFindSubscription(api, id);
  const patch = patchOf(now);
  return truthOf(api, patch === null ? now : await update(api, id, patch));
}

/** The same for what may charge at once: a refused charge (402) is an answer, and then Polar changed nothing. */
async function charged(
  api: JsonApi,
  id: string,
  patchesOf: (now: PolarSubscription) => readonly SubscriptionPatch[],
): Promise<MoneyResult<SubscriptionTruth>> {
  let now = await mustFindSubscription(api, id);
  for (const patch of patchesOf(now)) {
    try {
      now = await update(api, id, patch);
    } catch (error) {
      if (!isDeclined(error)) return asUnknown(error);
      return declined(await truthOf(api, now), providerCodeOf(error));
    }
  }
  return { outcome: 'succeeded', value: await truthOf(api, now) };
}

/** A pause that ends in a refused charge has ended all the same, now or when this was first asked; dunning begins. */
function unlessPastDue(value: SubscriptionTruth): MoneyResult<SubscriptionTruth> {
  if (value.status !== 'past_due') return { outcome: 'succeeded', value };
  const reason = value.payments.at(-1)?.declineCode ?? null;
  return declined(
    value,
    reason,
    declineCodes.find((code) => code === reason),
  );
}

/** A refused call does not say why; a payment of the order does, in the words of Polar's processor. */
function declined(
  value: SubscriptionTruth,
  providerCode: string | null,
  declineCode: DeclineCode = 'generic_decline',
): MoneyResult<SubscriptionTruth> {
  return { outcome: 'declined', declineCode, providerCode, value };
}

async function update(api: JsonApi, id: string, body: SubscriptionPatch): Promise<PolarSubscription> {
  return api.call({
    operation: 'subscriptions.update',
    method: 'PATCH',
    path: `/v1/subscriptions/${encodeURIComponent(id)}`,
    body,
    reply: polarSubscription,
  });
}

function hasEnded({ status, ended_at: endedAt }: PolarSubscription): boolean {
  return endedAt != null || status === 'canceled' || status === 'incomplete_expired';
}

function isPaused(now: PolarSubscription, resumesAt: string | null): boolean {
  if (now.status !== 'paused' && !now.pause_at_period_end) return false;
  return resumesAt === null ? now.resumes_at == null : isSameTime(now.resumes_at, resumesAt);
}

function pauseOf(resumesAt: string | null): SubscriptionPatch {
  return { pause_at_period_end: true, resumes_at: resumesAt };
}

function isSameTime(a: string | null | undefined, b: string): boolean {
  return a != null && Date.parse(a) === Date.parse(b);
}

function providerCodeOf(error: BillingError): string | null {
  const { provider_code: code } = error.details;
  return typeof code === 'string' ? code : null;
}
