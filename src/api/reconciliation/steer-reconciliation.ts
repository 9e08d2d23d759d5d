import type { ReconciliationRun } from '../../db/entities/reconciliation.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { countDifferences, findRun } from '../../db/queries/reconciliations.ts';
import { isReconciliationOver } from '../../domain/reconciliation/run.ts';
import { presentReconciliation } from '../../present/reconciliation.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';

export interface SteerInput {
  readonly em: Db;
  readonly caller: Caller;
  readonly run: ReconciliationRun;
  readonly act: 'pause' | 'resume' | 'cancel';
}

/** Asks a comparison's workflow to hold, go on or end. 202: it has not answered yet. */
export async function steerReconciliation(deps: ApiDeps, input: SteerInput): Promise<Answer> {
  const { em, caller, run, act } = input;
  const { projectId, live, actor } = caller;
  if (isReconciliationOver(run.status))
    throw refusal('reconciliation_over', `It has ended: ${run.status}.`, { details: { status: run.status } });
  recordAudit(em, {
    ...{ projectId, live, actor, action: `reconciliation.${act}_requested` },
    ...{ entityKind: 'reconciliation', entityId: run.id, detail: `of ${run.provider}` },
    ...{ before: { status: run.status, is_paused: run.pausedAt !== null }, after: { asked: act } },
  });
  await em.flush();
  await askWorkflow(deps.logger, { reconciliation: run.id, act }, (deadline) =>
    deps.temporal.steerReconciliation(run.id, act, deadline),
  );
  const after = (await findRun(em.fork(), caller, run.id)) ?? run;
  const counts = await countDifferences(em.fork(), [run.id]);
  return { status: isDone(after, act) ? 200 : 202, body: presentReconciliation(after, counts) };
}

/** One that ended meanwhile is as the row says it is: nothing is left to wait for. */
function isDone({ status, pausedAt }: ReconciliationRun, act: SteerInput['act']): boolean {
  if (isReconciliationOver(status)) return true;
  return act !== 'cancel' && status === 'running' && (act === 'pause') === (pausedAt !== null);
}
