import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import { foundNothing } from '../domain/payment/sending.ts';
import { candidateAfter } from '../domain/subscription/direct-routing.ts';
import {
  firstOpening,
  isTooLateToOpen,
  nextDeed,
  nextOpeningLookMs,
  sending,
  withLeft,
  type Opening,
} from '../domain/subscription/opening.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { MoneyResult } from '../providers/port-money.ts';
import type { CreateSubscriptionInput, SubscriptionOperations } from '../providers/port-subscriptions.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { endDeclined } from './end-declined.ts';
import { keepBegun, keepDecline, keepOpening } from './keep-opening.ts';
import { leftOf } from './leave-provider.ts';
import { breakerOpen, notDone, notSupported, refuse, toNext } from './not-begun.ts';
import { accountOf } from './provider-account.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';
import { subscriptionOrder, type SubscriptionOrder } from './subscription-order.ts';

/** Whoever can begin subscriptions can also find one of ours: an answer that was lost could not be cleared up else. */
type Operations = SubscriptionOperations & Required<Pick<SubscriptionOperations, 'create' | 'find'>>;

interface Opened {
  readonly deps: ActivityDeps;
  readonly em: Db;
  readonly client: ProviderClient;
  readonly operations: Operations;
  readonly provider: string;
}

/**
 * Begins a subscription at its provider, with the stored payment method. How far it has come is written down before each
 * call, so that whoever repeats this after a lost answer looks first and sends the next key only when nothing is there.
 * Where the provider surely has nothing of it, the row moves to the next candidate; this asks one provider at a time.
 *
 * @returns with `opensAt` where another provider is to be asked: call it again, on that one's queue.
 */
export async function openAtProvider(deps: ActivityDeps, em: Db, row: Subscription): Promise<SettledSubscription> {
  const { provider } = row;
  if (provider === null) return refuse(em, row, 'no_provider_available', {});
  try {
    return await openAt(deps, em, row, provider);
  } catch (error) {
    // A refused look-up, or keys that went away, say nothing of what was sent: it is asked for until somebody mends it.
    if (nextDeed(row.opening) !== 'send' && isRefusal(error))
      throw unknownOutcome(row.opening ?? firstOpening, Date.now());
    throw error;
  }
}

async function openAt(deps: ActivityDeps, em: Db, row: Subscription, provider: string): Promise<SettledSubscription> {
  const { projectId, live, opening } = row;
  const deed = nextDeed(opening);
  let client: ProviderClient;
  try {
    ({ client } = await accountOf(deps, projectId, live, provider));
  } catch (error) {
    if (deed !== 'send') throw error;
    return notDone(deps, em, row, error);
  }
  const operations = client.subscriptions;
  if (!canCreate(operations)) {
    const error = notSupported(provider);
    if (deed !== 'send') throw error;
    return notDone(deps, em, row, error);
  }
  const opened = { deps, em, client, operations, provider };
  switch (deed) {
    case 'end_declined':
      return endDeclined(em, row, operations);
    case 'look':
      return look(opened, row);
    case 'send':
      return send(opened, row);
  }
}

async function send(opened: Opened, read: Subscription): Promise<SettledSubscription> {
  const { client, deps, em, operations, provider } = opened;
  const nowMs = Date.now();
  if (isTooLateToOpen(read.createdAt.getTime(), nowMs)) return refuse(em, read, 'no_provider_available', { provider });
  let row = read;
  let result: MoneyResult<SubscriptionTruth>;
  const account = { projectId: read.projectId, live: read.live, provider };
  const entered = await deps.health.enter(account);
  if (entered === 'open') return notDone(deps, em, read, breakerOpen(provider));
  try {
    const order = await subscriptionOrder(em, client, { ...read, provider });
    row = await keepOpening(em, read, sending(read.opening, nowMs), order.customer.providerCustomerId);
    result = await operations.create(callOf(row, order));
  } catch (error) {
    const wasSent = row !== read;
    // Before the call was sent nothing can have begun, whatever else is unclear.
    if (!(error instanceof BillingError) || error.kind === 'bug' || (wasSent && isUnclear(error))) throw error;
    return await notDone(deps, em, row, error);
  } finally {
    if (entered === 'trial') deps.health.leave(account);
  }
  return keepResult(opened, row, result);
}

/** The answer was lost. What the provider has of it decides; its silence only after everything sent has arrived. */
async function look(opened: Opened, read: Subscription): Promise<SettledSubscription> {
  const { em, operations, provider } = opened;
  const { id: subscriptionId, providerCustomerId } = read;
  const found = providerCustomerId && (await operations.find({ subscriptionId, providerCustomerId }));
  if (found) return keepFound(opened, read, found);
  const nowMs = Date.now();
  const opening = foundNothing(read.opening ?? firstOpening, nowMs);
  if (opening.sentAt === null && candidateAfter(read.routing, provider) !== null) {
    const reason = read.opening?.unclear ?? 'api_error';
    return toNext(em, read, { reason, providerCode: null, wasUnclear: true });
  }
  if (opening.sentAt === null) return send(opened, await keepOpening(em, read, withLeft(opening, leftOf(read))));
  await keepOpening(em, read, opening);
  throw unknownOutcome(opening, nowMs);
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
    case 'unknown': {
      const opening = { ...(row.opening ?? firstOpening), unclear: result.reason };
      await keepOpening(em, row, opening);
      throw unknownOutcome(opening, Date.now());
    }
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

/** The call was sent, and may have been heard. */
function isUnclear(error: BillingError): boolean {
  return error.code === 'outcome_unknown' || error.details['outcome'] === 'unknown';
}

function unknownOutcome(opening: Opening, nowMs: number): BillingError {
  return new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: 'Whether the provider has begun it is not known yet: it is asked again.',
    retryAfterMs: nextOpeningLookMs(opening, nowMs),
  });
}
