import type { Arm } from '../../domain/rollout/rollout.ts';
import { RolloutEntity, type Rollout } from '../entities/rollout.ts';
import type { Db } from '../orm.ts';
import { measureCohorts } from './rollout-figures.ts';

interface Outcomes {
  readonly succeeded: number;
  readonly failed: number;
  readonly unknown: number;
}

/** How many customers a rollout has in each arm, and what became of them. */
export interface ArmCount
  extends Pick<Rollout, 'id' | 'projectId' | 'live' | 'status' | 'stage'>, Readonly<Record<Arm, Outcomes>> {
  readonly seenAt: Date;
}

/** Of every rollout that decides now, of all projects. */
export async function countArms(em: Db): Promise<readonly ArmCount[]> {
  const rows = await em.find(RolloutEntity, {
    ...{ supersededAt: null, status: { $in: ['running', 'paused', 'rolled_back'] } },
  });
  const counts: ArmCount[] = [];
  for (const row of rows) {
    const { id, projectId, live, status, stage, updatedAt: seenAt } = row;
    const placed = await em.execute<{ arm: Arm; count: number }[]>(
      'select arm, count(*)::integer as count from rollout_assignments where rollout_id = ? group by arm',
      [id],
    );
    const cohorts = await measureCohorts(em, row, new Date());
    const of = (arm: Arm): Outcomes => {
      const succeeded = cohorts.reduce((sum, cohort) => sum + cohort[arm].succeeded, 0);
      const failed = cohorts.reduce((sum, cohort) => sum + cohort[arm].failed, 0);
      const all = placed.find((each) => each.arm === arm)?.count ?? 0;
      return { succeeded, failed, unknown: all - succeeded - failed };
    };
    counts.push({ id, projectId, live, status, stage, seenAt, control: of('control'), treatment: of('treatment') });
  }
  return counts;
}
