import { Context } from '@temporalio/activity';
import { MigrationItemEntity } from '../db/entities/migration.ts';
import { arrayOf } from '../db/queries/provider-objects.ts';
import { pageItems } from '../db/queries/migration-items.ts';
import type { MigrationItemState } from '../domain/migration/migration.ts';
import type { ActivityDeps } from './deps.ts';
import { mustFindMigration, progressOf, type MigrationProgress, type MigrationRef } from './migration-row.ts';

/** An item whose customer's workflow is to be started, or spoken to. */
export interface WindowItem {
  readonly id: string;
  readonly organizationId: string;
}

/** In these a customer's workflow works; in the others it waits, or has ended. */
const working: readonly MigrationItemState[] = ['planned', 'moved', 'canceling'];
/** In these a customer's workflow must run. */
const running: readonly MigrationItemState[] = ['notified', 'opened', 'moved', 'canceling', 'watching'];
const backTo: readonly MigrationItemState[] = ['notified', 'opened', 'moved'];

/** The next customers to be told, in order of their items. */
export function createNextMigrationItems(deps: ActivityDeps) {
  return async function nextMigrationItems(
    input: MigrationRef & { readonly after: string | null; readonly limit: number },
  ): Promise<{ readonly items: readonly WindowItem[] }> {
    return { items: await pageOf(deps, input, ['planned']) };
  };
}

/** Those that an abort leads back, in order of their items. */
export function createItemsToLeadBack(deps: ActivityDeps) {
  return async function itemsToLeadBack(
    input: MigrationRef & { readonly after: string | null; readonly limit: number },
  ): Promise<{ readonly items: readonly WindowItem[] }> {
    return { items: await pageOf(deps, input, backTo) };
  };
}

/** How far all are, and which of these still hold a place, by their rows: a signal may be lost, a row is not. */
export function createLookAtMigration(deps: ActivityDeps) {
  return async function lookAtMigration(
    input: MigrationRef & { readonly active: readonly string[] },
  ): Promise<MigrationProgress & { readonly stillActive: readonly string[] }> {
    const em = deps.orm.em.fork();
    const { active, ...ref } = input;
    const migration = await mustFindMigration(em, ref);
    const rows = await em.find(
      MigrationItemEntity,
      { migrationId: ref.migrationId, id: { $in: [...active] }, state: { $in: [...working] } },
      { fields: ['id'] },
    );
    return { ...(await progressOf(em, migration)), stillActive: rows.map(({ id }) => id) };
  };
}

/** Nobody else is told: who was not yet stays where they are. One whose notice is just being written is told back. */
export function createKeepUntold(deps: ActivityDeps) {
  return async function keepUntold(ref: MigrationRef): Promise<void> {
    await deps.orm.em.fork().execute(
      `update migration_items set state = 'kept', code = 'aborted',
         because = 'the migration was aborted before its customer was told', finished_at = now(),
         version = version + 1, updated_at = now()
       where migration_id = ? and project_id = ? and live = ? and state in ('found', 'planned')`,
      [ref.migrationId, ref.projectId, ref.live],
      'run',
    );
  };
}

const lookedFor = 200;
const mostLost = 100;
/** A row as young as this may have its workflow on the way. */
const settledAfterMs = 60_000;

/** Items whose workflow must run and does not, as the engine says; at most a hundred at a time. */
export function createFindLostMigrationItems(deps: ActivityDeps) {
  return async function findLostMigrationItems(
    input: MigrationRef & { readonly takenUpTo: string | null },
  ): Promise<{ readonly lost: readonly WindowItem[] }> {
    const em = deps.orm.em.fork();
    const lost: WindowItem[] = [];
    for (let after = ''; lost.length < mostLost;) {
      const rows = await em.execute<WindowItem[]>(
        `select id, organization_id as "organizationId" from migration_items
         where migration_id = ? and project_id = ? and live = ? and id > ? and updated_at < ?
           and organization_id is not null and (state = any (?::text[]) or (state = 'planned' and id <= ?))
         order by id limit ?`,
        [
          ...[input.migrationId, input.projectId, input.live, after, new Date(Date.now() - settledAfterMs)],
          ...[arrayOf(running), input.takenUpTo ?? '', lookedFor],
        ],
      );
      const alive = await askEngine(rows.map(({ id }) => workflowIdOf(input, id)));
      lost.push(...rows.filter(({ id }) => !alive.has(workflowIdOf(input, id))));
      const last = rows.at(-1);
      if (last === undefined || rows.length < lookedFor) break;
      after = last.id;
    }
    return { lost: lost.slice(0, mostLost) };
  };
}

/** Ids of workflows are stored data: see `workflows/messages.ts`. */
function workflowIdOf({ migrationId }: MigrationRef, itemId: string): string {
  return `migration/${migrationId}/${itemId}`;
}

async function askEngine(workflowIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (workflowIds.length === 0) return new Set();
  const { client } = Context.current();
  const quoted = workflowIds.map((id) => `'${id}'`).join(', ');
  const alive = new Set<string>();
  const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${quoted})`;
  for await (const { workflowId } of client.workflow.list({ query })) alive.add(workflowId);
  return alive;
}

async function pageOf(
  deps: ActivityDeps,
  input: MigrationRef & { readonly after: string | null; readonly limit: number },
  states: readonly MigrationItemState[],
): Promise<readonly WindowItem[]> {
  const { migrationId, after, limit } = input;
  const rows = await pageItems(deps.orm.em.fork(), input, { migrationId, states, after, limit });
  return rows
    .slice(0, limit)
    .flatMap(({ id, organizationId }) => (organizationId === null ? [] : [{ id, organizationId }]));
}
