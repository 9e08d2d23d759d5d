import { LockMode } from '@mikro-orm/core';
import { ReconciliationRunEntity } from '../db/entities/reconciliation.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { forgetLooks } from '../db/queries/reconciliation-looks.ts';
import { countDifferences, type DifferenceCount } from '../db/queries/reconciliations.ts';
import { isReconciliationOver, type ReconciliationStatus } from '../domain/reconciliation/run.ts';
import type { ReconciliationRef } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';
import { presentReconciliation } from '../present/reconciliation.ts';
import { recordEvent } from './record-event.ts';

export interface FinishReconciliationInput extends ReconciliationRef {
  readonly status: ReconciliationStatus;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** Ends a comparison in its row, audited, and tells the app when anything differed. One that has ended stays as it did. */
export function createFinishReconciliation(deps: ActivityDeps) {
  return async function finishReconciliation(
    input: FinishReconciliationInput,
  ): Promise<{ readonly status: ReconciliationStatus }> {
    const { projectId, live, runId: id, status, failure } = input;
    return deps.orm.em.fork().transactional(async (tx) => {
      const run = await tx.findOneOrFail(
        ReconciliationRunEntity,
        { id, projectId, live },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (isReconciliationOver(run.status)) return { status: run.status };
      const counts = await countDifferences(tx, [id]);
      await forgetLooks(tx, id);
      tx.assign(run, {
        ...{ status, finishedAt: new Date(), pausedAt: null },
        // One that did not go through keeps where it was: that is where it failed.
        ...(status === 'succeeded' && { phase: 'done' as const, cursor: null }),
        ...(failure !== null && { failureCode: failure.code, failureDetail: { message: failure.message } }),
      });
      recordAudit(tx, {
        ...{ projectId, live, actor: `reconciliation/${id}`, action: `reconciliation.${status}` },
        ...{ entityKind: 'reconciliation', entityId: id, detail: story(run.compared, counts) },
        after: {
          status,
          compared: run.compared,
          differences: counts.map(({ kind, status: of, count }) => ({ kind, status: of, count })),
        },
      });
      if (counts.length === 0) return { status };
      await tx.flush(); // its version, and the time it ended
      await recordEvent(tx, {
        ...{ projectId, live, organizationId: null, type: 'reconciliation.differed' },
        ...{ objectKind: 'reconciliation', objectId: id, cause: 'ended', data: presentReconciliation(run, counts) },
      });
      return { status };
    });
  };
}

function story(compared: number, counts: readonly DifferenceCount[]): string {
  const sum = (all: readonly DifferenceCount[]) => all.reduce((total, { count }) => total + count, 0);
  const of = (status: DifferenceCount['status']) => sum(counts.filter((each) => each.status === status));
  return `${compared} compared, ${sum(counts)} differed: ${of('repaired')} repaired, ${of('queued')} for a person`;
}
