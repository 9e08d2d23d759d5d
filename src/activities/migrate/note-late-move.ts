import type { Checkout } from '../../db/entities/checkout.ts';
import { MigrationItemEntity } from '../../db/entities/migration.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { itemMetadataKey } from '../../db/queries/migration-stand.ts';
import { isOverItem } from '../../domain/migration/next-step.ts';
import { openReview } from '../open-review.ts';

/**
 * A page of a move that had ended was paid all the same: nobody looks after it any more, so a person is asked, in the
 * transaction that begins the second subscription. Never two of them in silence.
 */
export async function noteLateMove(tx: Db, checkout: Checkout, begun: Subscription): Promise<void> {
  const itemId = checkout.metadata[itemMetadataKey];
  if (itemId === undefined) return;
  const { projectId, live, organizationId } = checkout;
  const item = await tx.findOne(MigrationItemEntity, { id: itemId, projectId, live, organizationId });
  if (item === null || !isOverItem(item.state)) return;
  await openReview(tx, {
    ...{ projectId, live, kind: 'migration_unclear', provider: begun.provider, organizationId },
    cause: `migration/${item.migrationId}/${item.id}/late/${checkout.id}`,
    ...{ entityKind: 'migration_item', entityId: item.id },
    summary: `A customer whose move had ended (${item.state}) paid its page at ${begun.provider ?? 'nobody'} all the same. Decide which of the two subscriptions goes on, and end the other before its next charge.`,
    evidence: {
      ...{ migration_id: item.migrationId, state: item.state, checkout_id: checkout.id, subscription_id: begun.id },
      ...{ old_subscription: item.providerSubscriptionId, new_subscription: begun.providerSubscriptionId },
      trial_end: begun.trialEnd?.toISOString() ?? null,
    },
  });
}
