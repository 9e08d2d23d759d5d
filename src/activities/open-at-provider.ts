import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import {
  firstOpening,
  foundNothing,
  isTooLateToOpen,
  nextOpeningLookMs,
  notSent,
  sending,
  type Opening,
} from '../domain/subscription/opening.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { MoneyResult } from '../providers/port-money.ts';
import type { CreateSubscriptionInput, SubscriptionOperations } from '../providers/port-subscriptions.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { endDeclined } from './end-declined.ts';
import { keepBegun, keepDecline, keepExpired, keepOpening } from './keep-opening.ts';
import { accountOf } from './provider-account.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';
import { subscriptionOrder, type SubscriptionOrder } from './subscription-order.ts';

/** Whoever can begin subscriptions can also find one of ours: an answer that was lost could not be cleared up else. */
type Operations = SubscriptionOperations & Required<Pick<SubscriptionOperations, 'create' | 'find'>>;

interface Opened {
  readonly em: Db;
  readonly client: ProviderClient;
  readonly operations: Operations;
  readonly provider: string;
}

/**
 * Begins a subscription at its provider, with the stored payment method. How far it has come is written down before each
 * call, so that whoever repeats this after a lost answer looks first and sends the next key only when nothing is there.
 */
export async function openAtProvider(deps: ActivityDeps, em: Db, row: Subscription): Promise<SettledSubscription> {
  const { projectId, live, provider } = row;
  if (provider === null) return refuse(em, row, 'no_provider_available', {});
  const { client } = await accountOf(deps, projectId, live, provider);
  const operations = client.subscriptions;
  if (!canCreate(operations)) return refuse(em, row, 'not_supported_by_provider', { provider });
  const opened = { em, client, operations, provider };
  try {
    if (row.opening?.decline) return await endDeclined(em, row, operations);
    return row.opening?.sentAt == null ? await send(opened, row) : await look(opened, row);
  } catch (error) {
    // A refused look-up says nothing of what was sent: it is repeated until somebody mends it.
    if (isRefusal(error)) throw unknownOutcome(row.opening ?? firstOpening, Date.now());
    throw error;
  }
}

async function send(opened: Opened, read: Subscription): Promise<SettledSubscription> {
  const { client, em, operations, provider } = opened;
  const nowMs = Date.now();
  if (isTooLateToOpen(read.createdAt.getTime(), nowMs)) return refuse(em, read, 'no_provider_available', { provider });
  let row = read;
  let result: MoneyResult<SubscriptionTruth>;
  try {
    const order = await subscriptionOrder(em, client, { ...read, provider });
    row = await keepOpening(em, read, sending(read.opening, nowMs), order.customer.providerCustomerId);
    result = await operations.create(callOf(row, order));
  } catch (error) {
    if (isRefusal(error)) return refuse(em, row, error.code, error.details);
    // Surely nothing was done: the next try sends at once, with the same key.
    if (isWait(error) && row !== read) await keepOpening(em, row, notSent(row.opening ?? firstOpening));
    throw error;
  }
  return keepResult(opened, row, result);
}

/** The answer was lost. What the provider has of it decides; its silence only after everything sent has arrived. */
async function look(opened: Opened, read: Subscription): Promise<SettledSubscription> {
  const { em, operations } = opened;
  const { id: subscriptionId, providerCustomerId } = read;
  const found = providerCustomerId && (await operations.find({ subscriptionId, providerCustomerId }));
  if (found) return keepFound(opened, read, found);
  const nowMs = Date.now();
  const opening = foundNothing(read.opening ?? firstOpening, nowMs);
  const row = await keepOpening(em, read, opening);
  if (opening.sentAt !== null) throw unknownOutcome(opening, nowMs);
  return send(opened, row);
}

/**
 * One that waits for its customer can say with which step only in the answer that was lost: as it is there, repeating
 * the call with its own key brings that answer again and begins nothing.
 */
async function keepFound(opened: Opened, row: Subscription, found: SubscriptionTruth): Promise<SettledSubscription> {
  if (found.status !== 'incomplete' && found.status !== 'past_due')
    return keepResult(opened, row, { outcome: 'succeeded', value: found });
  const again = await repeat(opened, row);
  return keepResult(opened, row, again === null || again.outcome === 'unknown' ? unpaid(found) : again);
}

async function repeat({ client, em, operations, provider }: Opened, row: Subscription) {
  try {
    return await operations.create(callOf(row, await subscriptionOrder(em, client, { ...row, provider })));
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** What the provider's records say where its answer cannot be had: a failed payment is a decline, the rest may still come. */
function unpaid(found: SubscriptionTruth): MoneyResult<SubscriptionTruth> {
  if (found.payments.at(-1)?.status !== 'declined') return { outcome: 'pending', value: found, nextAction: null };
  return { outcome: 'declined', declineCode: 'generic_decline', providerCode: null, value: found };
}

async function keepResult(
  { em, operations }: Opened,
  row: Subscription,
  result: MoneyResult<SubscriptionTruth>,
): Promise<SettledSubscription> {
  switch (result.outcome) {
    case 'succeeded':
      return settledSubscription(em.fork(), await keepBegun(em, row, result.value, null), 'begun at the provider');
    case 'pending':
      return settledSubscription(
        em.fork(),
        await keepBegun(em, row, result.value, result.nextAction),
        'waits for its customer',
      );
    case 'declined': {
      const declined = await keepDecline(em, row, result);
      return endDeclined(em, declined, operations);
    }
    case 'unknown':
      throw unknownOutcome(row.opening ?? firstOpening, Date.now());
  }
}

function callOf(row: Subscription, order: SubscriptionOrder): CreateSubscriptionInput {
  const { projectId, id: businessId } = row;
  const generation = row.opening?.generation ?? 1;
  return {
    ...order,
    idempotencyKey: callKey({
      ...{ projectId, operation: 'subscriptions.create', businessId, provider: order.provider, generation },
    }),
  };
}

async function refuse(
  em: Db,
  row: Subscription,
  failureCode: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<SettledSubscription> {
  return settledSubscription(
    em.fork(),
    await keepExpired(em, row, failureCode, detail),
    `it cannot begin: ${failureCode}`,
  );
}

function canCreate(operations: SubscriptionOperations | undefined): operations is Operations {
  return operations?.create !== undefined && operations.find !== undefined;
}

/** The provider, or its adapter, said that this can never be done as it stands. */
function isRefusal(error: unknown): error is BillingError {
  return (
    error instanceof BillingError &&
    error.kind !== 'unavailable' &&
    error.kind !== 'rate_limited' &&
    error.kind !== 'bug'
  );
}

function isWait(error: unknown): boolean {
  if (!(error instanceof BillingError) || error.code === 'outcome_unknown') return false;
  const isUnclear = error.details['outcome'] === 'unknown';
  return !isUnclear && (error.kind === 'unavailable' || error.kind === 'rate_limited');
}

function unknownOutcome(opening: Opening, nowMs: number): BillingError {
  return new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: 'Whether the provider has begun it is not known yet: it is asked again.',
    retryAfterMs: nextOpeningLookMs(opening, nowMs),
  });
}
