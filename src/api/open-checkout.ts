import type { Checkout } from '../db/entities/checkout.ts';
import { findCheckout } from '../db/queries/checkouts.ts';
import type { Db } from '../db/orm.ts';
import type { Logger } from '../logger.ts';
import { isSettled } from '../domain/checkout/transition.ts';
import { checkoutWorkflowId } from '../workflows/messages.ts';
import { checkoutStart } from '../workflows/start-options.ts';
import { askWorkflow } from './ask-workflow.ts';
import { refusal } from './error-codes.ts';
import type { TemporalGateway } from './temporal.ts';

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
  await askWorkflow(input.logger, { checkout_id: checkout.id }, (deadline) =>
    input.temporal.openCheckout(checkoutStart(checkout), deadline),
  );
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
  const isHeard = await askWorkflow(input.logger, { checkout_id: checkout.id }, (deadline) =>
    input.temporal.expireCheckout(workflowId, deadline),
  );
  const row = (await findCheckout(em.fork(), checkout, checkout.id)) ?? checkout;
  if (isHeard || isSettled(row.status)) return row;
  throw refusal('unavailable', 'The checkout could not be ended just now. Repeat the request.', {
    retryAfterMs: 1_000,
  });
}
