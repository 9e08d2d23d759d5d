import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
} from '@temporalio/workflow';
import type { FinishReconciliationInput } from '../activities/finish-reconciliation.ts';
import type { Activities } from '../activities/index.ts';
import { repairGapsMs } from '../domain/reconciliation/repair.ts';
import { isReconciliationOver, type ReconciliationStatus } from '../domain/reconciliation/run.ts';
import { isLong, runFailureOf } from './long-run.ts';
import { billingQueue, providerQueue, type ReconcileInput } from './messages.ts';
import { nudge, startLost } from './reconcile-targets.ts';
import { openDesk } from './reconciliation-desk.ts';

/** Between pages: a comparison may take its time, whoever waits for an answer may not. */
const pagePauseMs = 500;

const own = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'our own tables',
});

type Outcome = Pick<FinishReconciliationInput, 'status' | 'failure'>;

/**
 * Compares our rows with one provider's account over a window of time, page by page: what changed there, what changed
 * here, workflows that were lost; then has the workflows concerned settle what the provider's truth settles, and a person
 * asked about the rest.
 *
 * The row has the phase and its cursor, committed with each page: wherever this is started again, it goes on from there.
 */
export async function reconcile(input: ReconcileInput): Promise<{ readonly status: ReconciliationStatus }> {
  const { projectId, live, runId } = input;
  const ref = { projectId, live, runId };
  const scope = new CancellationScope();
  const desk = openDesk(input, {
    cancel: () => scope.cancel(),
    record: (isPaused) => own.pauseReconciliation({ ...ref, isPaused }),
  });
  const outcome = await scope.run(() => work(input, desk)).catch(failureOf);
  return CancellationScope.nonCancellable(async () => {
    if (outcome === 'goes on') {
      await condition(allHandlersFinished);
      return continueAsNew<typeof reconcile>({ ...input, carried: desk.carried() });
    }
    const { status } = await own.finishReconciliation({ ...ref, ...outcome });
    desk.close(status, outcome.failure);
    if (desk.hasFound()) log.warn('our books and the provider differed', { run: runId, ...desk.counts() });
    await condition(allHandlersFinished);
    return { status };
  });
}

/** @returns `goes on`: the history is long, and the next run continues from the row. */
async function work(input: ReconcileInput, desk: ReturnType<typeof openDesk>): Promise<Outcome | 'goes on'> {
  const { projectId, live, runId } = input;
  const ref = { projectId, live, runId };
  const calls = callsTo(input.provider);
  const row = await own.beginReconciliation(ref);
  desk.begin(row);
  if (isReconciliationOver(row.status)) return { status: row.status, failure: null };

  const walks = [
    { phase: 'theirs', page: async (cursor: string | null) => calls.compareTheirs({ ...ref, cursor }) },
    { phase: 'ours', page: async (cursor: string | null) => calls.compareOurs({ ...ref, cursor }) },
    { phase: 'workflows', page: startLostOnes },
  ] as const;
  const first = walks.findIndex(({ phase }) => phase === row.phase);
  for (const { phase, page } of first < 0 ? [] : walks.slice(first)) {
    desk.enter(phase);
    for (let cursor = phase === row.phase ? row.cursor : null; ;) {
      await desk.turn();
      const done = await page(cursor);
      desk.count(done);
      if (isLong()) return 'goes on';
      if (done.cursor === null) break;
      cursor = done.cursor;
      await desk.rest(Math.max(pagePauseMs, done.waitMs), 'spare the provider');
    }
  }

  desk.enter('repair');
  while (await repairOnce()) {
    desk.looked();
    if (isLong()) return 'goes on';
  }
  return { status: 'succeeded', failure: null };

  /** Rows whose workflow must run and does not: the row tells how it starts. */
  async function startLostOnes(cursor: string | null) {
    const found = await own.findLostWorkflows({ ...ref, cursor });
    const restarted = [];
    for (const lost of found.lost)
      if (await startLost(lost, runId)) restarted.push({ kind: lost.kind, id: lost.row.id });
    // Where nothing was lost, the next page's note will do: whoever goes on from the row looks at them once more.
    if (restarted.length > 0 || found.cursor === null)
      await own.noteRestarted({ ...ref, cursor: found.cursor, restarted });
    return { cursor: found.cursor, compared: 0, found: 0, waitMs: 0, restarted: restarted.length };
  }

  /** Looks at every difference that is left. @returns whether some are being mended and must be looked at again. */
  async function repairOnce(): Promise<boolean> {
    const looks = desk.looks();
    let nudged = 0;
    for (let cursor: string | null = null; ;) {
      await desk.turn();
      const done: Awaited<ReturnType<Activities['repairDifferences']>> = await calls.repairDifferences({
        ...{ ...ref, looks, cursor },
      });
      for (const each of done.nudges) await nudge(each);
      desk.mended(done);
      nudged += done.nudges.length;
      if (done.cursor === null) break;
      cursor = done.cursor;
      await desk.rest(pagePauseMs, 'spare the provider');
    }
    const gapMs = repairGapsMs[looks];
    if (nudged === 0 || gapMs === undefined) return false;
    await desk.rest(gapMs, 'then see whether it is mended');
    return true;
  }
}

/** What asks the provider. A canceled page is not waited for: it only reads, and writes nothing to a row that is over. */
function callsTo(provider: string) {
  return proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    startToCloseTimeout: '10m',
    heartbeatTimeout: '20s',
    // Then the run fails, and the next one covers its window too.
    scheduleToCloseTimeout: '6h',
    retry: { initialInterval: '2s', maximumInterval: '5m' },
    cancellationType: 'TRY_CANCEL',
    summary: `our books and ${provider}'s`,
  });
}

function failureOf(error: unknown): Outcome {
  if (isCancellation(error)) return { status: 'canceled', failure: null };
  return { status: 'failed', failure: runFailureOf(error) };
}
