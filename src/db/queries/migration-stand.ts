import { isOver } from '../../domain/subscription/transition.ts';
import { rhythmOf } from '../../domain/migration/legacy.ts';
import type { ItemStand } from '../../domain/migration/sides.ts';
import { CheckoutEntity, type Checkout } from '../entities/checkout.ts';
import { MigrationEntity, MigrationItemEntity, type Migration, type MigrationItem } from '../entities/migration.ts';
import { SubscriptionEntity, type Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';
import { findCoveringCharge } from './charge-rights.ts';
import type { Scope } from './subscriptions.ts';

/** The key in a checkout's metadata that says whose move it is. */
export const itemMetadataKey = 'migration_item';

/** One item with all of ours that its next step is decided from. */
export interface ItemWork {
  readonly item: MigrationItem;
  readonly migration: Migration;
  /** The newest checkout that its customer opened. */
  readonly checkout: Checkout | null;
  /** What its checkouts began: one that lives, else the newest. */
  readonly fresh: Subscription | null;
  readonly stand: Omit<ItemStand, 'isWithdrawn' | 'wantsReminder'>;
}

/** @throws when the item is not of this project and mode */
export async function readItemWork(em: Db, scope: Scope, itemId: string): Promise<ItemWork> {
  const { projectId, live } = scope;
  const item = await em.findOneOrFail(MigrationItemEntity, { id: itemId, projectId, live }, { refresh: true });
  const migration = await em.findOneOrFail(
    MigrationEntity,
    { id: item.migrationId, projectId, live },
    { refresh: true },
  );
  const checkouts = await listItemCheckouts(em, item);
  const ids = checkouts.map(({ id }) => id);
  const begun =
    ids.length === 0 ? [] : await em.find(SubscriptionEntity, { projectId, live, checkoutId: { $in: ids } });
  const newestFirst = begun.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const alive = newestFirst.filter(({ status }) => !isOver(status));
  const [checkout = null] = checkouts;
  return {
    ...{ item, migration, checkout, fresh: alive[0] ?? newestFirst[0] ?? null },
    stand: {
      state: item.state,
      paidThrough: iso(item.paidThrough),
      interval: rhythmOf(item),
      notifiedAt: iso(item.notifiedAt),
      remindersSent: item.remindersSent,
      deadlineAt: iso(item.deadlineAt),
      firstChargeAt: iso(item.firstChargeAt),
      checkout: checkout?.status ?? null,
      liveNew: alive.length,
      hasNew: begun.length > 0,
      coveredBy: item.canceledAt === null ? null : await findCoveringCharge(em, item.id, migration.fromProvider),
    },
  };
}

/** Newest first. */
export async function listItemCheckouts(
  em: Db,
  item: Pick<MigrationItem, 'id' | 'projectId' | 'live' | 'organizationId'>,
): Promise<readonly Checkout[]> {
  const { projectId, live, organizationId, id } = item;
  if (organizationId === null) return [];
  const rows = await em.execute<{ id: string }[]>(
    `select id from checkouts where project_id = ? and live = ? and organization_id = ? and metadata->>? = ?
     order by created_at desc, id desc`,
    [projectId, live, organizationId, itemMetadataKey, id],
  );
  if (rows.length === 0) return [];
  const found = await em.find(CheckoutEntity, { id: { $in: rows.map((row) => row.id) } }, { refresh: true });
  return rows.flatMap((row) => found.find((checkout) => checkout.id === row.id) ?? []);
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
