import type { ReconciliationRun } from '../db/entities/reconciliation.ts';
import { listDueLooks, nextLookAt } from '../db/queries/reconciliation-looks.ts';
import { listUnseenSales, type SaleStage } from '../db/queries/reconciliation-sales.ts';
import type { Db } from '../db/orm.ts';
import { nothingNamed } from '../domain/reconciliation/subject.ts';
import type { Scene } from './compare-look.ts';
import { lookAgain, lookAgainAt, lookAt, writeFirstLooks, writeSecondLooks } from './compare-page.ts';
import { advanceRun, answerDone, findStep, sceneOf, type CompareInput, type CompareResult } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';

const pageSize = 100;
/** A page of second looks is kept whole or not at all, so it is smaller. */
const againSize = 25;

const stages = ['checkouts', 'subscriptions', 'money', 'again'] as const;

/** A place in our side: the stage, and after what it goes on. */
interface Place {
  readonly stage: SaleStage | 'again';
  readonly after: string;
}

/**
 * One page of our rows that should be at the provider and that its changes did not name; then, once it is due, of what
 * seemed different in the whole run, looked at again: what still does is told. Safe to repeat at any point.
 */
export function createCompareOurs(deps: ActivityDeps) {
  return async function compareOurs(input: CompareInput): Promise<CompareResult> {
    const em = deps.orm.em.fork();
    const run = await findStep(em, input, 'ours');
    if (run === null) return answerDone(em, input, 'ours');
    const place = placeOf(run.cursor);
    const scene = await sceneOf(deps, run);
    try {
      return place.stage === 'again'
        ? await comparePageAgain(deps, scene, run)
        : await comparePage(deps, scene, run, { ...place, stage: place.stage });
    } catch (error) {
      if (error instanceof RowMoved) return answerDone(em.fork(), input, 'ours');
      throw error;
    }
  };
}

async function comparePage(
  deps: ActivityDeps,
  scene: Scene,
  run: ReconciliationRun,
  { stage, after }: Place & { readonly stage: SaleStage },
): Promise<CompareResult> {
  const sales = await listUnseenSales(scene.em.fork(), run, { stage, after, since: scene.since, limit: pageSize });
  const { looked, failure } = await lookAt(
    scene,
    run,
    sales.map((sale) => ({ ...sale, named: nothingNamed })),
  );
  const last = sales.length < pageSize ? null : (sales.at(-1)?.id ?? null);
  const cursor = last === null ? `${stages[stages.indexOf(stage) + 1] ?? 'again'}:` : `${stage}:${last}`;
  const to = { phase: 'ours', cursor: failure === null ? cursor : run.cursor } as const;
  const compared = await writeFirstLooks(scene.em.fork(), run, {
    ...{ looked, foreign: [], to, lookAgainAt: lookAgainAt(deps) },
  });
  if (failure !== null) throw failure;
  return { cursor, compared, found: 0, waitMs: last === null ? await dueIn(scene.em.fork(), run, cursor) : 0 };
}

async function comparePageAgain(deps: ActivityDeps, scene: Scene, run: ReconciliationRun): Promise<CompareResult> {
  const looks = await listDueLooks(scene.em.fork(), run.id, { at: new Date(), limit: againSize });
  if (looks.length === 0) return endOrWait(scene.em.fork(), run);
  const looked = await lookAgain(scene, looks);
  // The cursor counts, so that an attempt whose answer was lost knows that it was done.
  const cursor = `again:${Number(placeOf(run.cursor).after) + 1}`;
  const found = await writeSecondLooks(scene.em.fork(), run, {
    ...{ looks, looked, lookAgainAt: lookAgainAt(deps), to: { phase: 'ours', cursor } },
  });
  return { cursor, compared: 0, found, waitMs: await dueIn(scene.em.fork(), run, cursor) };
}

async function endOrWait(em: Db, run: ReconciliationRun): Promise<CompareResult> {
  const waitMs = await dueIn(em, run, run.cursor ?? '');
  if (waitMs > 0) return { cursor: run.cursor, compared: 0, found: 0, waitMs };
  if ((await nextLookAt(em, run.id)) !== null) return { cursor: run.cursor, compared: 0, found: 0, waitMs: 0 };
  await em.transactional((tx) => advanceRun(tx, run, { phase: 'workflows', cursor: null, compared: 0 }));
  return { cursor: null, compared: 0, found: 0, waitMs: 0 };
}

/** How long nothing is due; only the last stage waits. */
async function dueIn(em: Db, run: ReconciliationRun, cursor: string): Promise<number> {
  if (!cursor.startsWith('again:')) return 0;
  const next = await nextLookAt(em, run.id);
  return next === null ? 0 : Math.max(0, next.getTime() - Date.now());
}

function placeOf(cursor: string | null): Place {
  const [name, after = ''] = (cursor ?? 'checkouts:').split(':');
  return { stage: stages.find((stage) => stage === name) ?? 'checkouts', after };
}
