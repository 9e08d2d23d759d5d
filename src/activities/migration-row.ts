import { LockMode } from '@mikro-orm/core';
import { MigrationEntity, type Migration } from '../db/entities/migration.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { countItems, type ItemCounts } from '../db/queries/migration-items.ts';
import { findMigration, moveMigration } from '../db/queries/migrations.ts';
import { BillingError } from '../domain/errors.ts';
import { storyOf } from '../domain/migration/story.ts';
import { isMigrationOver, type MigrationStatus } from '../domain/migration/migration.ts';
import type { ActivityDeps } from './deps.ts';

/** A migration, as its workflow names it. */
export interface MigrationRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly migrationId: string;
}

/** Where a migration stands, by its rows. */
export interface MigrationProgress {
  readonly status: MigrationStatus;
  readonly isOver: boolean;
  readonly dryRun: boolean;
  /** Whether all items have their verdict. */
  readonly isPlanned: boolean;
  readonly concurrency: number;
  readonly noticesPerMinute: number;
  readonly items: ItemCounts;
}

/** The cursor of a migration whose inventory is complete and whose items get their verdicts. */
export const planning = 'planning';

/** Takes a migration up, or up again: answers where to go on. Safe to repeat. */
export function createBeginMigration(deps: ActivityDeps) {
  return async function beginMigration(ref: MigrationRef): Promise<MigrationProgress> {
    const em = deps.orm.em.fork();
    const migration = await mustFindMigration(em, ref);
    if (migration.status === 'requested')
      await moveMigration(em, migration, 'inventory', { why: 'asks the old provider who is there' });
    return progressOf(em, await mustFindMigration(em, ref));
  };
}

/** Lets the planned customers go, audited. Safe to repeat. */
export function createStartMigration(deps: ActivityDeps) {
  return async function startMigration(ref: MigrationRef): Promise<MigrationProgress> {
    return changeStatus(deps, ref, 'started', ({ status, dryRun }) =>
      status === 'planned' && !dryRun ? { status: 'running', startedAt: new Date() } : null,
    );
  };
}

/** Holds a migration, lets it go on or begins its end, as an operator wishes; one that is over stays as it is. */
export function createSteerMigration(deps: ActivityDeps) {
  return async function steerMigration(
    input: MigrationRef & { readonly act: 'pause' | 'resume' | 'abort' },
  ): Promise<MigrationProgress> {
    const { act, ...ref } = input;
    return changeStatus(deps, ref, act === 'abort' ? 'aborting' : `${act}d`, (migration) => {
      const { status, startedAt } = migration;
      if (isMigrationOver(migration) || status === 'aborting') return null;
      if (act === 'abort') return { status: 'aborting' };
      if (act === 'pause') return status === 'paused' ? null : { status: 'paused' };
      // Before anybody was started it was reading or planning.
      return status === 'paused' ? { status: startedAt === null ? 'inventory' : 'running' } : null;
    });
  };
}

/** Ends a migration in its row, audited. One that has ended stays as it did. */
export function createFinishMigration(deps: ActivityDeps) {
  return async function finishMigration(
    input: MigrationRef & { readonly failure: { readonly code: string; readonly message: string } | null },
  ): Promise<MigrationProgress> {
    const { failure, ...ref } = input;
    return changeStatus(deps, ref, failure === null ? 'finished' : 'failed', (migration) => {
      if (isMigrationOver(migration)) return null;
      const finishedAt = new Date();
      if (failure !== null)
        return {
          ...{ status: 'failed', finishedAt, failureCode: failure.code },
          failureDetail: { message: failure.message },
        };
      return { status: migration.status === 'aborting' ? 'aborted' : 'completed', finishedAt };
    });
  };
}

export async function mustFindMigration(em: Db, ref: MigrationRef): Promise<Migration> {
  const migration = await findMigration(em, ref, ref.migrationId);
  if (migration) return migration;
  throw new BillingError({
    ...{ code: 'migration_not_found', kind: 'not_found', message: `There is no migration ${ref.migrationId}.` },
  });
}

export async function progressOf(em: Db, migration: Migration): Promise<MigrationProgress> {
  const { status, dryRun, cursor, startedAt, settings } = migration;
  const { concurrency, noticesPerMinute } = settings;
  const items = await countItems(em, migration.id);
  const isReading = startedAt === null && (status === 'requested' || status === 'inventory' || status === 'paused');
  const isPlanned = !isReading || (cursor === planning && (items.found ?? 0) === 0);
  return { status, isOver: isMigrationOver(migration), dryRun, isPlanned, concurrency, noticesPerMinute, items };
}

type StatusChange = { readonly status: MigrationStatus } & Partial<
  Pick<Migration, 'startedAt' | 'finishedAt' | 'failureCode' | 'failureDetail'>
>;

/** @param decide null: it stays as it is, and nothing is written. */
async function changeStatus(
  deps: ActivityDeps,
  ref: MigrationRef,
  deed: string,
  decide: (migration: Migration) => StatusChange | null,
): Promise<MigrationProgress> {
  const { projectId, live, migrationId: id } = ref;
  return deps.orm.em.fork().transactional(async (tx) => {
    const migration = await tx.findOneOrFail(
      MigrationEntity,
      { id, projectId, live },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    const change = decide(migration);
    if (change === null) return progressOf(tx, migration);
    const before = migration.status;
    const items = await countItems(tx, id);
    tx.assign(migration, { ...change, why: change.failureCode ?? storyOf(change.status, items) });
    recordAudit(tx, {
      ...{ projectId, live, actor: `migration/${id}`, action: `migration.${deed}` },
      ...{ entityKind: 'migration', entityId: id, detail: migration.why },
      ...{ before: { status: before }, after: { status: change.status, items } },
    });
    await tx.flush();
    return progressOf(tx, migration);
  });
}
