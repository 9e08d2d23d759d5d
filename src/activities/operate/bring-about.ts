import { BillingError } from '../../domain/errors.ts';
import type { CustomerStep } from '../../domain/subscription/customer-step.ts';
import { isOver } from '../../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { MoneyResult } from '../../providers/port-money.ts';
import type { SubscriptionOperations, SubscriptionRef } from '../../providers/port-subscriptions.ts';
import { accountOf } from '../provider-account.ts';
import { failed, keyOf, type Answered, type Operation, type Outcome } from './operation.ts';

/** One call that shall bring a provider's subscription somewhere. */
export interface ProviderStep {
  /** Part of the key, where an operation makes several calls; default: the operation's kind. */
  readonly act?: string;
  /** Whether what the provider says is what is wanted; nothing is sent, or sent again, when it is. */
  isThere(truth: SubscriptionTruth): boolean;
  /** null: the provider has no such operation. */
  send(
    subscriptions: SubscriptionOperations,
    input: SubscriptionRef & { readonly idempotencyKey: string },
  ): Promise<MoneyResult<SubscriptionTruth>> | null;
}

export type BroughtAbout =
  { readonly answered: Answered; readonly nextStep: CustomerStep | null } | { readonly failure: Outcome };

/**
 * Reads the provider, sends what is still to do, and reads again when the answer was lost: nothing is sent twice while
 * the truth can tell that it was done, and what is sent again has the same key.
 *
 * @throws {BillingError} `unavailable`, `rate_limited`: try again later
 */
export async function bringAbout(operation: Operation, step: ProviderStep): Promise<BroughtAbout> {
  const { deps, row } = operation;
  const { provider, providerSubscriptionId, providerCustomerId } = row;
  if (provider === null || providerSubscriptionId === null)
    return { failure: failed('provider_rejected', 'No provider has this subscription.') };
  const { client } = await accountOf(deps, row.projectId, row.live, provider);
  const { subscriptions } = client;
  if (!subscriptions) return { failure: notSupported() };
  const ref = { providerSubscriptionId, providerCustomerId };
  const before = await read(subscriptions, ref);
  if (before === null)
    return { failure: failed('provider_rejected', 'The provider does not know the subscription any more.') };
  if (step.isThere(before.truth)) return { answered: before, nextStep: null };
  if (isOver(before.truth.status))
    return {
      failure: failed('subscription_ended', 'The subscription has ended at its provider.', { answered: before }),
    };
  const askedAt = new Date();
  const result = await send(subscriptions, step, { ...ref, idempotencyKey: keyOf(operation, provider, step.act) });
  if (result instanceof BillingError) return { failure: asFailure(result) };
  switch (result.outcome) {
    case 'succeeded':
      return { answered: { truth: result.value, askedAt }, nextStep: null };
    case 'pending':
      return { answered: { truth: result.value, askedAt }, nextStep: result.nextAction };
    case 'declined':
      return {
        failure: failed('payment_declined', 'The payment was declined, and nothing was changed.', {
          detail: { decline_code: result.declineCode, provider_code: result.providerCode },
          answered: result.value === null ? before : { truth: result.value, askedAt },
        }),
      };
    case 'unknown':
      return afterUnknown(subscriptions, step, ref);
  }
}

async function read(subscriptions: SubscriptionOperations, ref: SubscriptionRef): Promise<Answered | null> {
  const askedAt = new Date();
  const truth = await subscriptions.get(ref);
  return truth && { truth, askedAt };
}

/** @returns an error: an explicit refusal, so nothing was done. What may pass is thrown. */
async function send(
  subscriptions: SubscriptionOperations,
  step: ProviderStep,
  input: SubscriptionRef & { readonly idempotencyKey: string },
): Promise<MoneyResult<SubscriptionTruth> | BillingError> {
  try {
    const answer = step.send(subscriptions, input);
    return answer === null ? notOffered() : await answer;
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    if (error.details['outcome'] === 'unknown') return { outcome: 'unknown', reason: 'api_error', providerCode: null };
    if (error.kind === 'unavailable' || error.kind === 'rate_limited' || error.kind === 'bug') throw error;
    return error;
  }
}

/** Only what the provider says counts. Where that does not tell, the same key is sent again later. */
async function afterUnknown(
  subscriptions: SubscriptionOperations,
  step: ProviderStep,
  ref: SubscriptionRef,
): Promise<BroughtAbout> {
  const after = await read(subscriptions, ref);
  if (after !== null && step.isThere(after.truth)) return { answered: after, nextStep: null };
  throw new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: 'Whether the provider has done it is not known yet: it is asked again.',
    retryAfterMs: 5_000,
  });
}

function asFailure(error: BillingError): Outcome {
  const { code, message, details } = error;
  const isOurs = code === 'not_supported_by_provider';
  return failed(isOurs ? code : 'provider_rejected', message, {
    detail: { provider_error: code, provider_code: details['provider_code'] ?? null },
  });
}

function notOffered(): BillingError {
  return new BillingError({
    code: 'not_supported_by_provider',
    kind: 'invalid',
    message: 'The provider has no such operation.',
  });
}

function notSupported(): Outcome {
  return failed('not_supported_by_provider', 'The provider has no subscriptions to change.');
}

/** An answer that cannot be declined, in the words of one that can. */
export async function sure(truth: Promise<SubscriptionTruth>): Promise<MoneyResult<SubscriptionTruth>> {
  return { outcome: 'succeeded', value: await truth };
}
