import type { Subscription } from '../../db/entities/subscription.ts';
import { readSubscriptionAfresh } from '../../db/queries/direct-subscriptions.ts';
import type { Db } from '../../db/orm.ts';
import { directStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';
import { explainRefusal } from '../payment-method/explain-refusal.ts';

/**
 * Has the subscription's workflow begin it, once however often this is called, and answers the row as it then stands:
 * `incomplete` without anything to do when the outcome is not known within 8 s.
 *
 * @throws {BillingError} why it never began, as the row has it
 */
export async function beginSubscription(
  deps: Pick<ApiDeps, 'logger' | 'temporal'>,
  em: Db,
  row: Subscription,
): Promise<Subscription> {
  if (!isUndecided(row)) return explained(row);
  await askWorkflow(deps.logger, { subscription_id: row.id }, (deadline) =>
    deps.temporal.beginSubscription(directStart(row), deadline),
  );
  return explained(await readSubscriptionAfresh(em, row));
}

/** Neither begun nor refused, and nothing that the customer could do: the provider has not answered yet. */
export function isUndecided(row: Subscription): boolean {
  return row.status === 'incomplete' && row.nextStep === null && row.voucher === null;
}

function explained(row: Subscription): Subscription {
  if (row.status === 'expired' && row.failureCode !== null) throw explainRefusal(row.failureCode, row.failureDetail);
  return row;
}
