import { SubscriptionEntity } from '../../db/entities/subscription.ts';
import { directStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/**
 * Starts the workflow of direct subscriptions whose API process died between the row and the start. Nothing of theirs
 * was sent: one whose opening is written has had its workflow.
 *
 * @returns how many it started.
 */
export async function sweepSubscriptions(deps: RelayDeps): Promise<number> {
  const rows = await deps.em().find(
    SubscriptionEntity,
    {
      ...{ status: 'incomplete', checkoutId: null, opening: null, providerSubscriptionId: null, anchorAt: null },
      createdAt: { $lt: forgottenBefore() },
    },
    { limit: 100, orderBy: { createdAt: 'asc' } },
  );
  return startEach(
    deps,
    rows.map((row) => ({ name: 'subscription', ...directStart(row) })),
    { reuse: 'REJECT_DUPLICATE', message: 'started forgotten subscriptions' },
  );
}
