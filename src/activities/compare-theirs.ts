import type { ReconciliationRun } from '../db/entities/reconciliation.ts';
import { askedWindow } from '../domain/reconciliation/window.ts';
import type { ProviderClient } from '../providers/port.ts';
import { lookAgainAt, lookAt, writeFirstLooks } from './compare-page.ts';
import { answerDone, findStep, sceneOf, type CompareInput, type CompareResult } from './compare-step.ts';
import { findSubjects } from './compare-subjects.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';

const pageSize = 100;

/**
 * One page of what changed at the provider, against our rows. A provider that cannot tell what changed ends the phase
 * at once. Safe to repeat at any point: a page is written whole, with the run's next cursor, or not at all. Nothing is
 * told yet: what seems different is looked at again at the end of the run.
 */
export function createCompareTheirs(deps: ActivityDeps) {
  return async function compareTheirs(input: CompareInput): Promise<CompareResult> {
    const em = deps.orm.em.fork();
    const run = await findStep(em, input, 'theirs');
    if (run === null) return answerDone(em, input, 'theirs');
    const scene = await sceneOf(deps, run);
    const { facts, cursor } = await listChanges(scene.client, run);
    const { subjects, foreign } = await findSubjects(em, scene.account, facts);
    const { looked, failure } = await lookAt(scene, run, subjects);
    const next = { phase: cursor === null ? 'ours' : 'theirs', cursor } as const;
    const to = failure === null ? next : ({ phase: 'theirs', cursor: run.cursor } as const);
    try {
      const compared = await writeFirstLooks(em.fork(), run, {
        ...{ looked, foreign, to, lookAgainAt: lookAgainAt(deps) },
      });
      if (failure !== null) throw failure;
      return { cursor, compared, found: 0, waitMs: 0 };
    } catch (error) {
      if (error instanceof RowMoved) return answerDone(em.fork(), input, 'theirs');
      throw error;
    }
  };
}

async function listChanges({ changes }: ProviderClient, run: ReconciliationRun) {
  if (!changes) return { facts: [], cursor: null };
  const { since, until } = askedWindow({
    ...{ fromMs: run.fromAt.getTime(), toMs: run.toAt.getTime() },
    ...{ nowMs: Date.now(), horizonMs: changes.horizonMs },
  });
  const { items, nextCursor } = await changes.list({ since, until, cursor: run.cursor, limit: pageSize });
  return { facts: items, cursor: nextCursor };
}
