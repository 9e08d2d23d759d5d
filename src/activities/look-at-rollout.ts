import type { Rollout } from '../db/entities/rollout.ts';
import type { Db } from '../db/orm.ts';
import { judgeRollout, type Judged } from '../db/queries/judge-rollout.ts';
import { keepLook, lockRollout, takeStep, touchRollout, type Seen } from '../db/queries/rollout-changes.ts';
import { findRollout, listLooks } from '../db/queries/rollouts.ts';
import { describePlace } from '../domain/rollout/describe-stage.ts';
import type { GateDecision, RolloutStatistic } from '../domain/rollout/gate.ts';
import type { ArmFigures, RolloutStatus } from '../domain/rollout/rollout.ts';
import { isRolloutOver, stepByDecision, type RolloutStanding } from '../domain/rollout/steer.ts';
import { presentRollout } from '../present/rollout.ts';
import type { ActivityDeps } from './deps.ts';
import { recordEvent } from './record-event.ts';

export interface RolloutRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly rolloutId: string;
}

/** How a rollout stands, and the figures it stands on: no personal data, for histories and the UI. */
export interface RolloutSight {
  /** Of its row: of two sights the higher one is the newer. */
  readonly version: number;
  readonly status: RolloutStatus;
  /** Index into its stages, and in words. */
  readonly stage: number;
  readonly place: string;
  readonly why: string;
  /** What was decided by this look; null: nothing was looked at. */
  readonly look: {
    readonly decision: GateDecision['decision'];
    readonly because: string;
    readonly missing: readonly string[];
    readonly control: ArmFigures;
    readonly treatment: ArmFigures;
    readonly statistic: RolloutStatistic;
  } | null;
}

/** Looks in which nothing is decided are kept this often. */
const keepEveryMs = 3_600_000;

/**
 * Reads what both arms have shown and does what follows from it: the next stage, its end, or the way back. A held rollout
 * is only looked at. Safe to repeat: what was decided is in the row, and the next look starts from there.
 */
export function createLookAtRollout(deps: ActivityDeps) {
  return async function lookAtRollout(ref: RolloutRef): Promise<RolloutSight> {
    const em = deps.orm.em.fork();
    const read = await findRollout(em, ref, ref.rolloutId);
    if (read === null) throw new Error(`there is no rollout ${ref.rolloutId}`);
    if (isRolloutOver(read.status)) return sight(read, null);
    const look = await judgeRollout(em, read, new Date());
    const row = await deps.orm.em.fork().transactional(async (tx) => {
      const locked = await lockRollout(tx, ref, ref.rolloutId);
      // An operator was faster: what was seen is of a stage that is over.
      if (locked.version === read.version) await act(tx, locked, look);
      return locked;
    });
    await touchRollout(em, row.id);
    return sight(row, look);
  };
}

async function act(tx: Db, row: Rollout, look: Judged): Promise<void> {
  const { decision, because } = look;
  const step = stepByDecision(standingOf(row), decision);
  if (step !== null) {
    await takeStep(tx, row, { step, because, actor: null, seen: seenIn(look) });
    return tellChange(tx, row);
  }
  const [last] = await listLooks(tx, row.id, 1);
  if (last && Date.now() - last.createdAt.getTime() < keepEveryMs) return;
  // A held one may decide, but does not act.
  keepLook(tx, row, { ...seenIn(look), decision: 'hold', because, actor: null });
  await tx.flush();
}

export function standingOf({ status, stage, settings }: Rollout): RolloutStanding {
  return { status, stage, stages: settings.stages.length };
}

export function seenIn({ control, treatment, statistic, missing }: Judged): Seen {
  return { control, treatment, statistic: { ...statistic, missing } };
}

/** Tells the app's endpoints how it stands now. */
export async function tellChange(tx: Db, row: Rollout): Promise<void> {
  const { projectId, live, id, version } = row;
  await recordEvent(tx, {
    ...{ projectId, live, organizationId: null, type: 'rollout.changed' },
    ...{ objectKind: 'rollout', objectId: id, cause: version, data: presentRollout(row) },
  });
}

export function sight(row: Rollout, look: Judged | null): RolloutSight {
  const { version, status, stage, why, settings } = row;
  return {
    ...{ version, status, stage, why, place: describePlace(settings.stages, stage) },
    look: look && {
      ...{ decision: look.decision, because: look.because, missing: look.missing },
      ...{ control: look.control, treatment: look.treatment, statistic: look.statistic },
    },
  };
}
