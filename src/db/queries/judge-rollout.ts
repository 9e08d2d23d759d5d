import { decideRollout, type GateDecision } from '../../domain/rollout/gate.ts';
import type { Arm, ArmFigures } from '../../domain/rollout/rollout.ts';
import type { Rollout } from '../entities/rollout.ts';
import type { Db } from '../orm.ts';
import { measureArms, measureCohorts, measureRecent } from './rollout-figures.ts';

/** What both arms have shown, and what follows from it. */
export interface Judged extends GateDecision, Readonly<Record<Arm, ArmFigures>> {}

/** By durable rows alone, until `now`. It changes nothing. */
export async function judgeRollout(em: Db, row: Rollout, now: Date): Promise<Judged> {
  const arms = await measureArms(em, row, now);
  const decided = decideRollout({
    settings: row.settings,
    stage: row.stage,
    minutesInStage: (now.getTime() - row.stageStartedAt.getTime()) / 60_000,
    cohorts: await measureCohorts(em, row, now),
    recent: await measureRecent(em, row, now),
  });
  return { ...decided, ...arms };
}
