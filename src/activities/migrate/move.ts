import type { MigrationItem } from '../../db/entities/migration.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import type { RightsOf } from '../../db/queries/charge-rights.ts';
import { moveItem, type ItemChange } from '../../db/queries/migration-items.ts';
import type { ItemWork } from '../../db/queries/migration-stand.ts';
import { BillingError } from '../../domain/errors.ts';
import type { MigrationItemState, MigrationPlan } from '../../domain/migration/migration.ts';
import type { NewSide, OldSide, Told } from '../../domain/migration/sides.ts';
import type { ActivityDeps } from '../deps.ts';
import { RowMoved } from '../keep-in-step.ts';

/** One move at the moment of its next step: our rows, and what both providers just said. */
export interface Move extends ItemWork {
  readonly deps: ActivityDeps;
  readonly old: Told<OldSide>;
  readonly new: Told<NewSide>;
  readonly nowMs: number;
}

/** What is to become of it; the plan said `move`, or nobody would be here. */
export function planOf({ item }: Pick<Move, 'item'>): Extract<MigrationPlan, { action: 'move' }> {
  if (item.plan?.action === 'move') return item.plan;
  throw new BillingError({ code: 'migration_item_not_planned', kind: 'bug', message: `${item.id} is not to be moved` });
}

/** Whom it goes to: where its checkout was paid, else as planned. */
export function newProviderOf(move: Pick<Move, 'item' | 'fresh'>): string {
  return move.fresh?.provider ?? move.item.newProvider ?? planOf(move).provider;
}

export function rightsOf(move: Move): RightsOf {
  return { item: move.item, planId: planOf(move).planId, oldProvider: move.migration.fromProvider };
}

export function actorOf({ id, migrationId }: Pick<MigrationItem, 'id' | 'migrationId'>): string {
  return `migration/${migrationId}/${id}`;
}

export function scopeOf({ projectId, live }: Pick<MigrationItem, 'projectId' | 'live'>) {
  return { projectId, live };
}

/**
 * Moves the item on from what was read, with its entry in the audit log, and whatever else belongs into that transaction.
 *
 * @throws {RowMoved} somebody was quicker: read again, decide again.
 */
export function moveOn(
  { deps, item }: Move,
  to: MigrationItemState,
  change: ItemChange & { readonly because: string },
  within: (tx: Db, row: MigrationItem) => Promise<void> = async () => undefined,
): Promise<MigrationItem> {
  return deps.orm.em.fork().transactional(async (tx) => {
    const row = await moveItem(tx, item, to, change);
    if (row === null) throw new RowMoved();
    recordAudit(tx, {
      ...{ ...scopeOf(item), actor: actorOf(item), action: `migration_item.${to}` },
      ...{ entityKind: 'migration_item', entityId: item.id, detail: change.because },
      ...{ before: { state: item.state }, after: { state: to } },
    });
    await within(tx, row);
    return row;
  });
}

/** The old side where it is told; a step that needs it is only decided with it. */
export function oldOf({ old, item }: Move): OldSide {
  if (old !== 'gone' && old !== 'unknown') return old;
  throw new BillingError({ code: 'migration_side_silent', kind: 'unavailable', message: `${item.id}: ask again` });
}
