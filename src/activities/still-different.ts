import type { ReconciliationDifference, ReconciliationRun } from '../db/entities/reconciliation.ts';
import { findToldLooks } from '../db/queries/reconciliation-looks.ts';
import { differenceKey } from '../domain/reconciliation/difference.ts';
import { lookAgain } from './compare-page.ts';
import { sceneOf } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';

/** Which of a run's differences are still there: both sides are read again. @returns their ids. */
export type FindStillDifferent = (
  run: ReconciliationRun,
  differences: readonly ReconciliationDifference[],
) => Promise<ReadonlySet<string>>;

/** Looks again at what told of them, as the comparison itself does. One that nothing tells of any more is taken to stand. */
export function createFindStillDifferent(deps: ActivityDeps): FindStillDifferent {
  return async (run, differences) => {
    if (differences.length === 0) return new Set();
    const scene = await sceneOf(deps, run);
    const looks = await findToldLooks(scene.em.fork(), run.id, differences.map(differenceKey));
    const looked = await lookAgain(scene, looks);
    const seen = new Set(looked.flatMap((one) => one.differences.map(differenceKey)));
    const told = new Set(looks.flatMap(({ suspected }) => suspected));
    const isStill = (key: string) => seen.has(key) || !told.has(key);
    return new Set(differences.flatMap((each) => (isStill(differenceKey(each)) ? [each.id] : [])));
  };
}
