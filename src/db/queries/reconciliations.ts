import { coveredUntil } from '../../domain/reconciliation/covered-until.ts';
import type { DifferenceKind } from '../../domain/reconciliation/difference.ts';
import type { ReconciliationStatus } from '../../domain/reconciliation/run.ts';
import {
  ReconciliationDifferenceEntity,
  ReconciliationRunEntity,
  type ReconciliationDifference,
  type ReconciliationRun,
} from '../entities/reconciliation.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

const open: readonly ReconciliationStatus[] = ['requested', 'running'];

export interface RunRequest extends Scope {
  readonly id: string;
  readonly provider: string;
  readonly from: Date;
  readonly to: Date;
  readonly cause: 'schedule' | 'request';
  readonly actor: string;
}

/**
 * Writes a run that shall begin, audited, unless one of the provider is open: then that one is answered.
 *
 * @returns `isNew`: whether it is the one asked for. The same id again answers the row as it stands.
 */
export async function requestRun(
  em: Db,
  request: RunRequest,
): Promise<{ readonly run: ReconciliationRun; readonly isNew: boolean }> {
  const { id, projectId, live, provider, from, to, cause, actor } = request;
  return em.transactional(async (tx) => {
    const written = await tx.execute<{ affectedRows: number }>(
      `insert into reconciliation_runs (id, project_id, live, provider, from_at, to_at, cause, actor, status, phase)
       values (?, ?, ?, ?, ?, ?, ?, ?, 'requested', 'theirs') on conflict do nothing`,
      [id, projectId, live, provider, from, to, cause, actor],
      'run',
    );
    const own = await tx.findOne(ReconciliationRunEntity, { id, projectId, live });
    if (own === null) {
      const other = await tx.findOneOrFail(ReconciliationRunEntity, {
        projectId,
        live,
        provider,
        status: { $in: [...open] },
      });
      return { run: other, isNew: false };
    }
    if (written.affectedRows > 0)
      recordAudit(tx, {
        ...{ projectId, live, actor, action: 'reconciliation.requested' },
        ...{ entityKind: 'reconciliation', entityId: id, detail: `${provider}, by ${cause}` },
        after: { provider, from: from.toISOString(), to: to.toISOString() },
      });
    return { run: own, isNew: true };
  });
}

export function findRun(em: Db, { projectId, live }: Scope, id: string): Promise<ReconciliationRun | null> {
  return em.findOne(ReconciliationRunEntity, { id, projectId, live });
}

/** Farther back than any hourly schedule has to look for where it stopped. */
const rememberedRuns = 500;

/** Until when the account has been compared without a gap; null: it never was. */
export async function findLastTo(em: Db, { projectId, live }: Scope, provider: string): Promise<Date | null> {
  const newest = await em.find(
    ReconciliationRunEntity,
    { projectId, live, provider, status: 'succeeded' },
    { orderBy: { toAt: 'desc' }, limit: rememberedRuns, fields: ['fromAt', 'toAt', 'cause'] },
  );
  const covered = coveredUntil(
    newest.toReversed().map(({ fromAt, toAt, cause }) => ({ fromMs: fromAt.getTime(), toMs: toAt.getTime(), cause })),
  );
  return covered === null ? null : new Date(covered);
}

/** Newest first, one more than `limit`. */
export function listRuns(
  em: Db,
  { projectId, live }: Scope,
  query: {
    readonly provider?: string;
    /** `paused`: running, and held. */
    readonly status?: ReconciliationStatus | 'paused';
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly ReconciliationRun[]> {
  const { provider, status, before, limit } = query;
  return em.find(
    ReconciliationRunEntity,
    {
      ...{ projectId, live },
      ...(provider !== undefined && { provider }),
      ...(status !== undefined && statusWhere(status)),
      ...(before !== null && { id: { $lt: before } }),
    },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
}

function statusWhere(status: ReconciliationStatus | 'paused') {
  if (status === 'paused') return { status: 'running' as const, pausedAt: { $ne: null } };
  return status === 'running' ? { status, pausedAt: null } : { status };
}

export function listOpenRuns(em: Db, { projectId, live }: Scope): Promise<readonly ReconciliationRun[]> {
  return em.find(ReconciliationRunEntity, { projectId, live, status: { $in: [...open] } });
}

/** Newest first, one more than `limit`. */
export function listDifferences(
  em: Db,
  { projectId, live }: Scope,
  query: {
    readonly runId: string;
    readonly kind?: DifferenceKind;
    readonly status?: ReconciliationDifference['status'];
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly ReconciliationDifference[]> {
  const { runId, kind, status, before, limit } = query;
  return em.find(
    ReconciliationDifferenceEntity,
    {
      ...{ projectId, live, runId },
      ...(kind !== undefined && { kind }),
      ...(status !== undefined && { status }),
      ...(before !== null && { id: { $lt: before } }),
    },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
}

export interface DifferenceCount {
  readonly runId: string;
  readonly kind: DifferenceKind;
  readonly status: ReconciliationDifference['status'];
  readonly count: number;
}

export async function countDifferences(em: Db, runIds: readonly string[]): Promise<readonly DifferenceCount[]> {
  if (runIds.length === 0) return [];
  return em.execute<DifferenceCount[]>(
    `select run_id as "runId", kind, status, count(*)::integer as count from reconciliation_differences
     where run_id in (${runIds.map(() => '?').join(', ')}) group by run_id, kind, status order by kind, status`,
    [...runIds],
  );
}
