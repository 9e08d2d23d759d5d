import type { Migration, MigrationItem } from '../../db/entities/migration.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findItem } from '../../db/queries/migration-items.ts';
import { summarizeItems } from '../../db/queries/migration-summary.ts';
import { findMigration } from '../../db/queries/migrations.ts';
import { isMigrationOver, type MigrationItemState } from '../../domain/migration/migration.ts';
import { presentMigration, presentMigrationItem } from '../../present/migration.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';

/** Asks a migration's workflow to hold, go on or end. 202: it has not answered yet. */
export async function steerMigration(
  deps: ApiDeps,
  input: {
    readonly em: Db;
    readonly caller: Caller;
    readonly migration: Migration;
    readonly act: 'pause' | 'resume' | 'abort';
  },
): Promise<Answer> {
  const { em, caller, migration, act } = input;
  const { id, status } = migration;
  if (isMigrationOver(migration)) throw refusal('migration_over', `It has ended: ${status}.`, { details: { status } });
  recordAudit(em, {
    ...{ projectId: caller.projectId, live: caller.live, actor: caller.actor, action: `migration.${act}_requested` },
    ...{ entityKind: 'migration', entityId: id, detail: `off ${migration.fromProvider}` },
    ...{ before: { status }, after: { asked: act } },
  });
  await em.flush();
  await askWorkflow(deps.logger, { migration: id, act }, (deadline) => deps.temporal.steerMigration(id, act, deadline));
  const after = (await findMigration(em.fork(), caller, id)) ?? migration;
  const summaries = await summarizeItems(em.fork(), [id]);
  return { status: isDone(after, act) ? 200 : 202, body: presentMigration(after, summaries.get(id)) };
}

/** One that ended meanwhile is as the row says it is: nothing is left to wait for. */
function isDone(migration: Migration, act: 'pause' | 'resume' | 'abort'): boolean {
  const { status } = migration;
  if (isMigrationOver(migration)) return true;
  if (act === 'abort') return status === 'aborting';
  return (act === 'pause') === (status === 'paused');
}

/** Asks one customer's workflow to lead them back, or to tell them again. 202: it has not answered yet. */
export async function steerMigrationItem(
  deps: ApiDeps,
  input: {
    readonly em: Db;
    readonly caller: Caller;
    readonly item: MigrationItem;
    readonly act: 'rollBack' | 'remind';
  },
): Promise<Answer> {
  const { em, caller, item, act } = input;
  refuseUnfit(item.state, act);
  recordAudit(em, {
    ...{ projectId: caller.projectId, live: caller.live, actor: caller.actor },
    action: act === 'remind' ? 'migration_item.remind_requested' : 'migration_item.rollback_requested',
    ...{ entityKind: 'migration_item', entityId: item.id, detail: `of ${item.migrationId}` },
    ...{ before: { state: item.state }, after: { asked: act } },
  });
  await em.flush();
  const isAnswered = await askWorkflow(deps.logger, { migration_item: item.id, act }, (deadline) =>
    deps.temporal.steerMigrationItem(item.migrationId, item.id, act, deadline),
  );
  const after = (await findItem(em.fork(), caller, item.id)) ?? item;
  // It went past the point of no return between our reading and our asking.
  if (act === 'rollBack' && !canBeLedBack.includes(after.state)) refuseUnfit(after.state, act);
  const isDone = act === 'remind' ? isAnswered : after.state === 'rolled_back';
  return { status: isDone ? 200 : 202, body: presentMigrationItem(after) };
}

const canBeLedBack: readonly MigrationItemState[] = ['notified', 'opened', 'moved', 'rolled_back'];
const canBeReminded: readonly MigrationItemState[] = ['notified', 'opened'];
const pastReturn: readonly MigrationItemState[] = ['canceling', 'watching', 'done'];

/** @throws {BillingError} `migration_item_not_told`, `migration_item_past_return`, `migration_item_over` */
function refuseUnfit(state: MigrationItemState, act: 'rollBack' | 'remind'): void {
  const details = { state };
  if ((act === 'remind' ? canBeReminded : canBeLedBack).includes(state)) return;
  if (state === 'found' || state === 'planned')
    throw refusal('migration_item_not_told', 'Its customer has not been told yet.', { details });
  if (pastReturn.includes(state))
    throw refusal('migration_item_past_return', `It is ${state}: there is only forward.`, { details });
  throw refusal('migration_item_over', `It is ${state}.`, { details });
}
