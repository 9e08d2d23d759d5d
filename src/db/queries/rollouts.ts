import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { Arm, RolloutSettings } from '../../domain/rollout/rollout.ts';
import type { Placing, RolloutInForce } from '../../domain/rollout/place.ts';
import { RolloutEntity, RolloutLookEntity, type Rollout, type RolloutLook } from '../entities/rollout.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

/** The rollouts that decide about new customers now; of a plan before those of all. */
export async function readRolloutsInForce(em: Db, { projectId, live }: Scope): Promise<readonly RolloutInForce[]> {
  const rows = await em.find(RolloutEntity, {
    ...{ projectId, live, supersededAt: null },
    status: { $in: ['running', 'paused', 'rolled_back'] },
  });
  return rows
    .flatMap((row) => inForce(row) ?? [])
    .toSorted((one, other) => Number(one.planId === null) - Number(other.planId === null));
}

function inForce({
  id,
  name,
  planId,
  fromProvider,
  toProvider,
  stage,
  status,
  settings,
}: Rollout): RolloutInForce | null {
  if (status === 'completed') return null;
  const { stages, keepsLegacyFallback } = settings;
  return { id, name, planId, fromProvider, toProvider, status, stage, stages, keepsLegacyFallback };
}

/** What our rows say of an organization in each of these rollouts, in their order. One statement. */
export async function readPlacings(
  em: Db,
  { projectId, live }: Scope,
  organizationId: string,
  rollouts: readonly RolloutInForce[],
): Promise<readonly Placing[]> {
  if (rollouts.length === 0) return [];
  const rows = await executePrepared<{ id: string; arm: Arm | null; is_new: boolean; treated: number }>(em, {
    sql: `select rollout.id, mine.arm,
        not exists (select from subscriptions where project_id = rollout.project_id and live = rollout.live
          and organization_id = ? and created_at < rollout.created_at)
        and not exists (select from orders where project_id = rollout.project_id and live = rollout.live
          and organization_id = ? and created_at < rollout.created_at)
        and not exists (select from checkouts checkout join payments payment
            on payment.project_id = checkout.project_id and payment.checkout_id = checkout.id
          where checkout.project_id = rollout.project_id and checkout.live = rollout.live
            and checkout.organization_id = ? and payment.created_at < rollout.created_at) as is_new,
        case when rollout.settings->'stages'->rollout.stage->>'kind' = 'first' then
          (select count(*) from rollout_assignments where rollout_id = rollout.id and arm = 'treatment')
          else 0 end::integer as treated
      from rollouts rollout
      left join rollout_assignments mine on mine.rollout_id = rollout.id and mine.organization_id = ?
      where rollout.project_id = ? and rollout.live = ? and rollout.id = any (?::text[])`,
    params: [
      ...[organizationId, organizationId, organizationId, organizationId],
      ...[projectId, live, em.getPlatform().marshallArray(rollouts.map(({ id }) => id))],
    ],
  });
  return rollouts.flatMap((rollout) => {
    const row = rows.find(({ id }) => id === rollout.id);
    return row ? [{ rollout, assigned: row.arm, isNew: row.is_new, treated: row.treated }] : [];
  });
}

export function findRollout(em: Db, { projectId, live }: Scope, id: string): Promise<Rollout | null> {
  return em.findOne(RolloutEntity, { id, projectId, live }, { refresh: true });
}

/** Newest first, one more than `limit`. */
export function listRollouts(
  em: Db,
  { projectId, live }: Scope,
  query: { readonly status?: Rollout['status']; readonly before: string | null; readonly limit: number },
): Promise<readonly Rollout[]> {
  const { status, before, limit } = query;
  return em.find(
    RolloutEntity,
    {
      ...{ projectId, live },
      ...(status !== undefined && { status }),
      ...(before !== null && { id: { $lt: before } }),
    },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
}

/** Newest first. */
export function listLooks(em: Db, rolloutId: string, limit: number): Promise<readonly RolloutLook[]> {
  return em.find(RolloutLookEntity, { rolloutId }, { orderBy: { id: 'desc' }, limit });
}

/** Those that nobody has looked at since, and new ones that nobody has looked at yet. */
export async function findUnwatchedRollouts(
  em: Db,
  { beganBefore, seenBefore }: { readonly beganBefore: Date; readonly seenBefore: Date },
): Promise<readonly Rollout[]> {
  const lost = await em.execute<{ id: string }[]>(
    `select id from rollouts where status in ('running', 'paused') and (updated_at < ? or (created_at < ?
       and not exists (select from rollout_looks look where look.rollout_id = rollouts.id)))
     order by created_at limit 100`,
    [seenBefore, beganBefore],
  );
  return em.find(RolloutEntity, { id: { $in: lost.map(({ id }) => id) } });
}

export interface RolloutRequest extends Scope {
  readonly id: string;
  readonly name: string;
  readonly planId: string | null;
  readonly fromProvider: string;
  readonly toProvider: string;
  readonly settings: RolloutSettings;
  readonly actor: string;
}

/**
 * Writes a rollout, in force from then on, audited; one of the same plan that was rolled back decides no longer.
 *
 * @returns `isNew` false: another one decides about this plan's new customers, and nothing is written. The same id again
 *   answers the row as it stands.
 */
export async function requestRollout(
  em: Db,
  request: RolloutRequest,
): Promise<{ readonly rollout: Rollout; readonly isNew: boolean }> {
  try {
    return await em.fork().transactional((tx) => writeRollout(tx, request));
  } catch (error) {
    // Another request for the same plan was a moment faster.
    if (!(error instanceof UniqueConstraintViolationException)) throw error;
    return em.fork().transactional((tx) => writeRollout(tx, request));
  }
}

async function writeRollout(
  tx: Db,
  request: RolloutRequest,
): Promise<{ readonly rollout: Rollout; readonly isNew: boolean }> {
  const { actor, fromProvider, id, live, name, planId, projectId, settings, toProvider } = request;
  const known = await findRollout(tx, request, id);
  if (known) return { rollout: known, isNew: true };
  const before = await tx.find(
    RolloutEntity,
    { projectId, live, planId, supersededAt: null, status: { $ne: 'completed' } },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  const open = before.find(({ status }) => status !== 'rolled_back');
  if (open) return { rollout: open, isNew: false };
  for (const old of before) tx.assign(old, { supersededAt: new Date() });
  await tx.flush(); // before the new one: at most one is in force
  const now = new Date();
  const rollout = tx.create(
    RolloutEntity,
    {
      ...{ id, projectId, live, name, planId, fromProvider, toProvider, settings, actor },
      ...{ status: 'running', stage: 0, stageStartedAt: now, why: 'It has just begun.' },
      ...{ pausedAt: null, finishedAt: null, supersededAt: null, createdAt: now, updatedAt: now },
    },
    { persist: true },
  );
  recordAudit(tx, {
    ...{ projectId, live, actor, action: 'rollout.requested', entityKind: 'rollout', entityId: id },
    detail: `${name}: new customers of ${planId ?? 'all plans'} from ${fromProvider} to ${toProvider}`,
    before: { superseded: before.map((old) => old.id) },
    after: { status: 'running', stage: 0, settings },
  });
  await tx.flush();
  return { rollout, isNew: true };
}
