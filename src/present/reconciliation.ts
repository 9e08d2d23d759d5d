import type { DifferenceAnswer, DriftSummaryAnswer, ReconciliationAnswer } from '../api/schemas/reconciliation.ts';
import type { ReconciliationDifference, ReconciliationRun } from '../db/entities/reconciliation.ts';
import type { Drift, OpenDifferences } from '../db/queries/reconciliation-drift.ts';
import type { DifferenceCount } from '../db/queries/reconciliations.ts';
import { agreementObjective, agreementOf } from '../domain/reconciliation/agreement.ts';
import { isoOrNull } from './values.ts';

export function presentReconciliation(
  row: ReconciliationRun,
  counts: readonly DifferenceCount[],
): ReconciliationAnswer {
  const differences = sumUp(counts.filter(({ runId }) => runId === row.id));
  const { total, repaired, queued } = differences;
  const isMending = row.phase === 'repair' && total > 0;
  return {
    id: row.id,
    provider: row.provider,
    status: row.pausedAt !== null && row.status === 'running' ? 'paused' : row.status,
    phase: row.phase,
    from: row.fromAt.toISOString(),
    to: row.toAt.toISOString(),
    cause: row.cause,
    actor: row.actor,
    compared: row.compared,
    differences,
    workflows_restarted: row.restarted,
    progress_percent: isMending ? Math.floor((100 * (repaired + queued)) / total) : row.phase === 'done' ? 100 : null,
    failure: failureOf(row),
    why: whyOf(row, differences),
    created_at: row.createdAt.toISOString(),
    started_at: isoOrNull(row.startedAt),
    paused_at: isoOrNull(row.pausedAt),
    finished_at: isoOrNull(row.finishedAt),
  };
}

function sumUp(counts: readonly DifferenceCount[]): ReconciliationAnswer['differences'] {
  const of = (status: DifferenceCount['status'], kind?: DifferenceCount['kind']) =>
    counts
      .filter((each) => each.status === status && (kind === undefined || each.kind === kind))
      .reduce((sum, { count }) => sum + count, 0);
  const kinds = [...new Set(counts.map(({ kind }) => kind))];
  return {
    total: counts.reduce((sum, { count }) => sum + count, 0),
    repaired: of('repaired'),
    queued: of('queued'),
    by_kind: kinds.map((kind) => ({
      ...{ kind, found: of('found', kind), repaired: of('repaired', kind), queued: of('queued', kind) },
    })),
  };
}

function failureOf({ failureCode, failureDetail }: ReconciliationRun): ReconciliationAnswer['failure'] {
  if (failureCode === null) return null;
  const detail = failureDetail?.['message'];
  return { code: failureCode, detail: typeof detail === 'string' ? detail : null };
}

const doing: Readonly<Record<ReconciliationRun['phase'], string>> = {
  theirs: 'compares what changed at the provider',
  ours: 'compares what changed here',
  workflows: 'looks for lost workflows',
  repair: 'mends what differs',
  done: 'is done',
};

function whyOf(row: ReconciliationRun, differences: ReconciliationAnswer['differences']): string {
  const { total, repaired, queued } = differences;
  const counts = `${row.compared} compared, ${total} differed: ${repaired} repaired, ${queued} for a person.`;
  switch (row.status) {
    case 'requested':
      return 'It waits for a worker.';
    case 'running':
      return `${row.pausedAt === null ? 'It' : 'It is held; it'} ${doing[row.phase]}. ${counts}`;
    case 'succeeded':
      return counts;
    case 'failed':
      return `It failed (${row.failureCode ?? 'internal_error'}) where it ${doing[row.phase]}. ${counts}`;
    case 'canceled':
      return `It was canceled where it ${doing[row.phase]}. ${counts}`;
  }
}

export function presentDifference(row: ReconciliationDifference): DifferenceAnswer {
  const { entityKind, entityId } = row;
  return {
    id: row.id,
    reconciliation_id: row.runId,
    provider: row.provider,
    kind: row.kind,
    status: row.status,
    object: { kind: row.objectKind, id: row.objectId },
    entity: entityKind === null || entityId === null ? null : { kind: entityKind, id: entityId },
    organization_id: row.organizationId,
    ours: row.ours,
    theirs: row.theirs,
    review_id: row.reviewId,
    why: row.why,
    found_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** @param drift null: the account was never compared to the end. */
export function presentDrift(
  provider: string,
  drift: Drift | null,
  now: {
    readonly openId: string | null;
    readonly openReviews: number;
    readonly openDifferences: readonly OpenDifferences[];
  },
): DriftSummaryAnswer {
  const week = drift && agreementOf(drift.week);
  return {
    provider,
    objective: agreementObjective,
    measured_last: drift && agreementOf(drift.last),
    measured_7d: week,
    measured_30d: drift && agreementOf(drift.month),
    is_met: week === null ? null : week >= agreementObjective,
    last_success_at: isoOrNull(drift?.lastSuccessAt ?? null),
    last_success_id: drift?.lastId ?? null,
    open_id: now.openId,
    open_differences: now.openDifferences.map(({ kind, count }) => ({ kind, count })),
    open_reviews: now.openReviews,
  };
}
