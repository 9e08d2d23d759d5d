import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Checkout } from '../db/entities/checkout.ts';
import { findCheckout } from '../db/queries/checkouts.ts';
import type { Db } from '../db/orm.ts';
import type { Logger } from '../logger.ts';
import { isSettled } from '../domain/checkout/transition.ts';
import { checkoutWorkflowId } from '../workflows/messages.ts';
import { checkoutStart } from '../workflows/start-options.ts';
import { refusal } from './error-codes.ts';
import type { TemporalGateway } from './temporal.ts';

/** How long a caller waits before the answer is "see later": 8 s with all that comes before and after. */
const patienceMs = 7_500;

interface OpenInput {
  readonly em: Db;
  readonly temporal: TemporalGateway;
  readonly logger: Logger;
  readonly checkout: Checkout;
}

/**
 * Has the checkout's workflow open it, once however often this is called, and answers the row as it then stands. It may
 * still be `creating`: then the outcome is not known within 8 s or Temporal is away, and the workflow or the sweep of
 * forgotten rows goes on.
 */
export async function openCheckout(input: OpenInput): Promise<Checkout> {
  const { checkout, em } = input;
  if (checkout.status !== 'creating') return checkout;
  await attempt(input, (deadline) => input.temporal.openCheckout(checkoutStart(checkout), deadline));
  return (await findCheckout(em.fork(), checkout, checkout.id)) ?? checkout;
}

/**
 * Has a checkout's workflow end it; one that has ended already answers as it stands, and one whose money is on its way
 * stays `pending`.
 *
 * @throws {BillingError} `unavailable`: nobody has heard the wish, or nobody says so; repeating it is harmless.
 */
export async function expireCheckout(input: OpenInput): Promise<Checkout> {
  const { checkout, em } = input;
  const workflowId = checkoutWorkflowId(checkout.id);
  const isHeard = await attempt(input, (deadline) => input.temporal.expireCheckout(workflowId, deadline));
  const row = (await findCheckout(em.fork(), checkout, checkout.id)) ?? checkout;
  if (isHeard || isSettled(row.status)) return row;
  throw refusal('unavailable', 'The checkout could not be ended just now. Repeat the request.', {
    retryAfterMs: 1_000,
  });
}

/**
 * Every outcome but an answer leaves the row to tell; only what should not happen is logged.
 *
 * @returns whether the workflow answered.
 */
async function attempt(input: OpenInput, ask: (deadline: Date) => Promise<void>): Promise<boolean> {
  const patience = new AbortController();
  try {
    const asked = ask(new Date(Date.now() + patienceMs));
    // The client's own deadline may be late by its last retry's wait; the call then goes on unheard.
    const late = sleep(patienceMs, 'late', { signal: patience.signal });
    const outcome = await Promise.race([asked, late]);
    if (outcome === 'late') input.logger.warn({ checkout_id: input.checkout.id }, 'the outcome is not known yet');
    return outcome !== 'late';
  } catch (error) {
    if (hasEnded(error)) return false;
    const isPatience = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
    const line = { err: error, checkout_id: input.checkout.id };
    if (isPatience || error instanceof ServiceError) input.logger.warn(line, 'the outcome is not known yet');
    else input.logger.error(line, 'Temporal answered something unexpected');
    return false;
  } finally {
    patience.abort();
  }
}

function hasEnded(error: unknown): boolean {
  return (
    error instanceof WorkflowExecutionAlreadyStartedError ||
    error instanceof WorkflowNotFoundError ||
    error instanceof WorkflowUpdateFailedError
  );
}
