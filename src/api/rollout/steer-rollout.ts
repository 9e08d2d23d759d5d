import { z } from 'zod';
import type { Rollout } from '../../db/entities/rollout.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findRollout } from '../../db/queries/rollouts.ts';
import { isRolloutOver, type RolloutAct, type RolloutActKind } from '../../domain/rollout/steer.ts';
import { presentRollout } from '../../present/rollout.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import type { Operating } from '../routes/operate-once.ts';
import { parseInput } from '../schemas/parse.ts';
import { setStageBody } from '../schemas/rollout.ts';

/**
 * Has a rollout's workflow do what an operator wants. 202: it has not answered yet.
 *
 * @throws {BillingError} `rollout_over`, `rollout_stage_invalid`
 */
export async function steerRollout(
  deps: ApiDeps,
  operating: Operating,
  run: Rollout,
  kind: RolloutActKind,
): Promise<Answer> {
  const { em, caller, before } = operating;
  const { projectId, live, actor } = caller;
  // Asked for before, and answered 202: what was seen then went with it.
  if (before !== null) return { status: 200, body: presentRollout(run) };
  const act = toAct(operating, run, kind);
  if (isRolloutOver(run.status))
    throw refusal('rollout_over', `It is over: ${run.status}.`, { details: { status: run.status } });
  recordAudit(em, {
    ...{ projectId, live, actor, action: `rollout.${kind}_requested`, entityKind: 'rollout', entityId: run.id },
    ...{ before: { status: run.status, stage: run.stage }, after: { asked: act } },
    detail: run.name,
  });
  await em.flush();
  await askWorkflow(deps.logger, { rollout: run.id, act: kind }, (deadline) =>
    deps.temporal.steerRollout(run.id, act, actor, deadline),
  );
  await deps.rules.reload(caller);
  const after = (await findRollout(em.fork(), caller, run.id)) ?? run;
  return { status: isDone(after, act) ? 200 : 202, body: presentRollout(after) };
}

function toAct({ body }: Operating, run: Rollout, kind: RolloutActKind): RolloutAct {
  if (kind === 'stage') {
    const { stage } = parseInput(setStageBody, body);
    if (stage < run.settings.stages.length) return { kind, stage };
    throw fieldRefusal('rollout_stage_invalid', '/stage', `Must be below ${run.settings.stages.length}.`);
  }
  parseInput(z.strictObject({}), body);
  return kind === 'promote' ? { kind, from: run.stage } : { kind };
}

/** One that is over meanwhile is as its row says: nothing is left to wait for. */
function isDone({ status, stage }: Rollout, act: RolloutAct): boolean {
  if (isRolloutOver(status)) return true;
  switch (act.kind) {
    case 'pause':
      return status === 'paused';
    case 'resume':
      return status === 'running';
    case 'promote':
      return stage !== act.from;
    case 'rollback':
      return false;
    case 'stage':
      return stage === act.stage;
  }
}
