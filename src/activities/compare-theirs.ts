import { askedWindow } from '../domain/reconciliation/window.ts';
import { advanceRun, answerDone, findStep, type CompareInput, type CompareResult } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';
import { accountOf } from './provider-account.ts';

const pageSize = 100;

/**
 * One page of what changed at the provider, against our rows. A provider that cannot tell what changed ends the phase
 * at once. Safe to repeat at any point: a page is written whole, with the run's next cursor, or not at all.
 */
export function createCompareTheirs(deps: ActivityDeps) {
  return async function compareTheirs(input: CompareInput): Promise<CompareResult> {
    const em = deps.orm.em.fork();
    const run = await findStep(em, input, 'theirs');
    if (run === null) return answerDone(em, input, 'theirs');
    const { client } = await accountOf(deps, run.projectId, run.live, run.provider);
    const changes = client.changes;
    const page = changes && {
      ...(await changes.list({
        ...askedWindow({
          ...{ fromMs: run.fromAt.getTime(), toMs: run.toAt.getTime() },
          ...{ nowMs: Date.now(), horizonMs: changes.horizonMs },
        }),
        ...{ cursor: run.cursor, limit: pageSize },
      })),
    };
    const cursor = page?.nextCursor ?? null;
    const compared = page?.items.length ?? 0;
    try {
      await em.transactional((tx) =>
        advanceRun(tx, run, { phase: cursor === null ? 'ours' : 'theirs', cursor, compared }),
      );
    } catch (error) {
      if (error instanceof RowMoved) return answerDone(em.fork(), input, 'theirs');
      throw error;
    }
    return { cursor, compared, found: 0, waitMs: 0 };
  };
}
