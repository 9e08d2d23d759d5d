import { ReconciliationRunEntity, type ReconciliationRun } from '../db/entities/reconciliation.ts';
import { countDifferences } from '../db/queries/reconciliations.ts';
import type { ReconciliationPhase, ReconciliationStatus } from '../domain/reconciliation/run.ts';
import type { ReconciliationRef } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';

/** Where a comparison stands, by its rows. */
export interface RunProgress {
  readonly status: ReconciliationStatus;
  readonly phase: ReconciliationPhase;
  readonly cursor: string | null;
  readonly compared: number;
  readonly restarted: number;
  readonly found: number;
  readonly repaired: number;
  readonly queued: number;
}

/** Takes a comparison up, or up again: answers where to go on. Safe to repeat. */
export function createBeginReconciliation(deps: ActivityDeps) {
  return async function beginReconciliation(ref: ReconciliationRef): Promise<RunProgress> {
    const { projectId, live, runId: id } = ref;
    const em = deps.orm.em.fork();
    await em.nativeUpdate(
      ReconciliationRunEntity,
      { id, projectId, live, status: 'requested' },
      { status: 'running', startedAt: new Date(), updatedAt: new Date() },
    );
    const run = await em.findOneOrFail(ReconciliationRunEntity, { id, projectId, live });
    const counts = await countDifferences(em, [id]);
    const sum = (...statuses: readonly string[]) =>
      counts.filter(({ status }) => statuses.includes(status)).reduce((total, { count }) => total + count, 0);
    const { status, phase, cursor, compared, restarted } = run;
    return {
      ...{ status, phase, cursor, compared, restarted },
      found: sum('found', 'repaired', 'queued'),
      repaired: sum('repaired'),
      queued: sum('queued'),
    };
  };
}

/** Writes that an operator holds a comparison, or lets it go on. The page in hand ends as it would. */
export function createPauseReconciliation(deps: ActivityDeps) {
  return async function pauseReconciliation(
    input: ReconciliationRef & { readonly isPaused: boolean },
  ): Promise<{ readonly isPaused: boolean }> {
    const { projectId, live, runId: id, isPaused } = input;
    await deps.orm.em
      .fork()
      .nativeUpdate(
        ReconciliationRunEntity,
        { id, projectId, live, status: 'running' },
        { pausedAt: isPaused ? new Date() : null, updatedAt: new Date() },
      );
    return { isPaused };
  };
}

/** The comparison's row. */
export function readRun(deps: ActivityDeps, ref: ReconciliationRef): Promise<ReconciliationRun> {
  const { projectId, live, runId: id } = ref;
  return deps.orm.em.fork().findOneOrFail(ReconciliationRunEntity, { id, projectId, live });
}
