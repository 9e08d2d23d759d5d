import { LockMode } from '@mikro-orm/core';
import { describePlace } from '../../domain/rollout/describe-stage.ts';
import type { ArmFigures } from '../../domain/rollout/rollout.ts';
import { isRolloutOver, type RolloutStep } from '../../domain/rollout/steer.ts';
import { RolloutEntity, RolloutLookEntity, type Rollout } from '../entities/rollout.ts';
import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

/** What was seen when something was decided. */
export interface Seen {
  readonly control: ArmFigures;
  readonly treatment: ArmFigures;
  readonly statistic: Readonly<Record<string, unknown>>;
}

/** Inside a transaction: nobody else changes it until that ends. */
export function lockRollout(tx: Db, { projectId, live }: Scope, id: string): Promise<Rollout> {
  return tx.findOneOrFail(RolloutEntity, { id, projectId, live }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

/**
 * Takes a locked rollout a step on, with its look and its audit entry, inside the caller's transaction.
 *
 * @param input.actor null: the rollout itself.
 */
export async function takeStep(
  tx: Db,
  row: Rollout,
  input: { readonly step: RolloutStep; readonly because: string; readonly actor: string | null; readonly seen: Seen },
): Promise<void> {
  const { step, because, actor, seen } = input;
  const { projectId, live } = row;
  const before = { status: row.status, stage: row.stage };
  const now = new Date();
  keepLook(tx, row, { ...seen, decision: step.decision, because, actor }); // of the stage that it was seen in
  tx.assign(row, {
    ...{ status: step.status, stage: step.stage, why: because },
    ...(step.isNewStage && { stageStartedAt: now }),
    pausedAt: step.status === 'paused' ? (row.pausedAt ?? now) : null,
    finishedAt: isRolloutOver(step.status) ? now : null,
  });
  recordAudit(tx, {
    ...{ projectId, live, actor: actor ?? `rollout/${row.id}`, action: actionOf(before, step) },
    ...{ entityKind: 'rollout', entityId: row.id, before, after: { status: step.status, stage: step.stage } },
    detail: `${row.name}: ${describePlace(row.settings.stages, step.stage)}; ${because}`,
  });
  await tx.flush();
}

/** Adds a look, inside the caller's transaction. */
export function keepLook(
  tx: Db,
  { id: rolloutId, stage, projectId, live }: Rollout,
  look: Seen & { readonly decision: RolloutStep['decision']; readonly because: string; readonly actor: string | null },
): void {
  tx.create(RolloutLookEntity, { id: newId('rl'), rolloutId, stage, projectId, live, ...look }, { persist: true });
}

function actionOf(before: { readonly status: string; readonly stage: number }, { status, stage }: RolloutStep): string {
  if (status === 'rolled_back' || status === 'completed') return `rollout.${status}`;
  if (stage !== before.stage) return 'rollout.stage_changed';
  return status === 'paused' ? 'rollout.paused' : 'rollout.resumed';
}

/** It was looked at: the sweep of lost ones reads this. */
export async function touchRollout(em: Db, id: string): Promise<void> {
  await em.execute('update rollouts set updated_at = now() where id = ?', [id], 'run');
}
