import type { MigrationItemState } from '../../domain/migration/migration.ts';
import { MigrationItemEntity, type MigrationItem } from '../entities/migration.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** How many items are in which state; a state that nobody is in is absent. */
export type ItemCounts = Readonly<Partial<Record<MigrationItemState, number>>>;

/** @param migrationId Only where it is one of these; absent: of whichever migration. */
export function findItem(
  em: Db,
  { projectId, live }: Scope,
  id: string,
  migrationId?: string,
): Promise<MigrationItem | null> {
  return em.findOne(
    MigrationItemEntity,
    { id, projectId, live, ...(migrationId !== undefined && { migrationId }) },
    { refresh: true },
  );
}

/** Who has the link, by the hash of its token: it is the link that says whose it is. */
export function findItemByLink(em: Db, linkHash: string): Promise<MigrationItem | null> {
  return em.findOne(MigrationItemEntity, { linkHash });
}

/** By id, one more than `limit`. */
export function pageItems(
  em: Db,
  { projectId, live }: Scope,
  query: {
    readonly migrationId: string;
    readonly states?: readonly MigrationItemState[];
    readonly organizationId?: string;
    /** The last id of the page before; null: from the beginning. */
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<readonly MigrationItem[]> {
  const { migrationId, states, organizationId, after, limit } = query;
  return em.find(
    MigrationItemEntity,
    {
      ...{ projectId, live, migrationId },
      ...(states !== undefined && { state: { $in: [...states] } }),
      ...(organizationId !== undefined && { organizationId }),
      ...(after !== null && { id: { $gt: after } }),
    },
    { orderBy: { id: 'asc' }, limit: limit + 1 },
  );
}

export async function countItems(em: Db, migrationId: string): Promise<ItemCounts> {
  return (await countItemsOf(em, [migrationId])).get(migrationId) ?? {};
}

export async function countItemsOf(em: Db, migrationIds: readonly string[]): Promise<ReadonlyMap<string, ItemCounts>> {
  if (migrationIds.length === 0) return new Map();
  const rows = await em.execute<{ id: string; state: MigrationItemState; count: number }[]>(
    `select migration_id as id, state, count(*)::integer as count from migration_items
     where migration_id in (${migrationIds.map(() => '?').join(', ')}) group by migration_id, state order by state`,
    [...migrationIds],
  );
  const counts = new Map<string, Partial<Record<MigrationItemState, number>>>();
  for (const { id, state, count } of rows) counts.set(id, { ...counts.get(id), [state]: count });
  return counts;
}

/** What may be written beside the state. */
export type ItemChange = Partial<
  Pick<
    MigrationItem,
    | 'organizationId'
    | 'subscriptionId'
    | 'plan'
    | 'code'
    | 'because'
    | 'paidThrough'
    | 'checkoutId'
    | 'newProvider'
    | 'newSubscriptionId'
    | 'linkHash'
    | 'notifiedAt'
    | 'remindersSent'
    | 'deadlineAt'
    | 'movedAt'
    | 'cancelingAt'
    | 'canceledAt'
    | 'firstChargeAt'
    | 'firstPaymentId'
    | 'finishedAt'
    | 'legacy'
  >
>;

/**
 * Moves an item on from the state and version that was read: compare and set. The same state again only writes the rest.
 *
 * @returns the row as it is then; null: somebody was quicker, and nothing of this is written. Read it again then.
 */
export async function moveItem(
  tx: Db,
  item: Pick<MigrationItem, 'id' | 'projectId' | 'live' | 'state' | 'version'>,
  to: MigrationItemState,
  change: ItemChange = {},
): Promise<MigrationItem | null> {
  const { id, projectId, live, state, version } = item;
  const moved = await tx.nativeUpdate(
    MigrationItemEntity,
    { id, projectId, live, state, version },
    { ...change, state: to, version: version + 1, updatedAt: new Date() },
  );
  return moved === 0 ? null : findItem(tx, { projectId, live }, id);
}
