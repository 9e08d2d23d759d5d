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
import { checkoutWorkflowId } from '../workflows/messages.ts';
import { checkoutStart } from '../workflows/start-options.ts';
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

/** Has a checkout's workflow end it; one that has ended already answers as it stands. */
export async function expireCheckout(input: OpenInput): Promise<Checkout> {
  const { checkout, em } = input;
  await attempt(input, (deadline) => input.temporal.expireCheckout(checkoutWorkflowId(checkout.id), deadline));
  return (await findCheckout(em.fork(), checkout, checkout.id)) ?? checkout;
}

/** Every outcome but an answer leaves the row to tell; only what should not happen is logged. */
async function attempt(input: OpenInput, ask: (deadline: Date) => Promise<void>): Promise<void> {
  const patience = new AbortController();
  try {
    const asked = ask(new Date(Date.now() + patienceMs));
    // The client's own deadline may be late by its last retry's wait; the call then goes on unheard.
    const late = sleep(patienceMs, 'late', { signal: patience.signal });
    const outcome = await Promise.race([asked, late]);
    if (outcome === 'late') input.logger.warn({ checkout_id: input.checkout.id }, 'the outcome is not known yet');
  } catch (error) {
    if (hasEnded(error)) return;
    const isPatience = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
    const line = { err: error, checkout_id: input.checkout.id };
    if (isPatience || error instanceof ServiceError) input.logger.warn(line, 'the outcome is not known yet');
    else input.logger.error(line, 'Temporal answered something unexpected');
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
