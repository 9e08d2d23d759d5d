import { CancellationScope, continueAsNew, isCancellation, log, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { FinishUsageReportInput } from '../activities/finish-usage-report.ts';
import type { UsageReportStatus } from '../domain/usage/report.ts';
import { isLong, runFailureOf } from './long-run.ts';
import { billingQueue, providerQueue, type UsageReportInput } from './messages.ts';
import { openUsageDesk } from './usage-report-desk.ts';

/** Batches between two readings of where the report stands. */
const readEvery = 20;
/** Providers count later than they receive: what differs is looked at again after these. */
const lookAgainAfter = ['1m', '5m', '15m'] as const;

const own = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '10m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'our own tables',
});

type Desk = ReturnType<typeof openUsageDesk>;
type Ref = Pick<UsageReportInput, 'projectId' | 'live' | 'reportId'>;
type Failure = NonNullable<FinishUsageReportInput['failure']>;

/**
 * Reports the usage of a project and mode to those who bill it: the events since the last report become items, each
 * provider is told its items exactly once, and is asked what it counted.
 *
 * The rows have the phase, the cursor and where each item stands, written before and after each call: wherever this is
 * started again, it goes on from there. A provider that is away for long holds up nobody: its items stay, and go with the
 * next report.
 */
export async function usageReport(input: UsageReportInput): Promise<{ readonly status: UsageReportStatus }> {
  const { projectId, live, reportId } = input;
  const ref = { projectId, live, reportId };
  const desk = openUsageDesk(input);
  const outcome = await work(ref, desk).catch(failureOf);
  return CancellationScope.nonCancellable(async () => {
    if (outcome === 'goes on') return continueAsNew<typeof usageReport>({ ...input, carried: desk.carried() });
    const failure = outcome === 'done' ? (desk.away()[0] ?? null) : outcome;
    const { status, counts } = await own.finishUsageReport({
      ...{ ...ref, failure: failure && { code: failure.code, message: failure.message } },
    });
    desk.close(status, counts, failure);
    if (failure !== null) log.warn('a report of usage did not go through', { report: reportId, code: failure.code });
    return { status };
  });
}

/** @returns `goes on`: the history is long, and the next run continues from the rows. */
async function work(ref: Ref, desk: Desk): Promise<'done' | 'goes on'> {
  const row = await own.beginUsageReport(ref);
  desk.read(row);
  if (row.status !== 'running') return 'done';
  if (row.phase === 'collect' && (await collect(ref, desk)) === 'goes on') return 'goes on';
  if (row.phase !== 'compare') {
    if ((await sendAll(ref, desk)) === 'goes on') return 'goes on';
    await own.enterUsageComparison(ref);
  }
  return compareAll(ref, desk);
}

async function collect(ref: Ref, desk: Desk): Promise<'done' | 'goes on'> {
  desk.enter('collect');
  for (;;) {
    const { received, isDone } = await own.collectUsage(ref);
    desk.collected(received);
    if (isDone) return 'done';
    if (isLong()) return 'goes on';
  }
}

/** All providers side by side, each on its own queue. One that gives up does not stop the others. */
async function sendAll(ref: Ref, desk: Desk): Promise<'done' | 'goes on'> {
  desk.enter('send');
  const { providers } = await own.assignUsage(ref);
  desk.read(await own.readUsageReport(ref));
  const ends = await Promise.all(
    providers
      .filter((provider) => !desk.isAway(provider))
      .map((provider) =>
        send(ref, provider, desk).catch((error: unknown) => {
          if (isCancellation(error)) throw error;
          desk.leave(provider, failureOf(error));
          return 'done' as const;
        }),
      ),
  );
  desk.read(await own.readUsageReport(ref));
  return ends.includes('goes on') ? 'goes on' : 'done';
}

/** Rounds over a provider's open items until nothing moves any more. */
async function send(ref: Ref, provider: string, desk: Desk): Promise<'done' | 'goes on'> {
  const calls = callsTo(provider);
  for (let batches = 1, moved = 0, cursor: string | null = null; ; batches += 1) {
    const done: Awaited<ReturnType<Activities['sendUsage']>> = await calls.sendUsage({ ...ref, provider, cursor });
    desk.sent(provider, done);
    moved += done.moved;
    cursor = done.cursor;
    if (cursor === null && moved === 0) return 'done';
    if (isLong()) return 'goes on';
    if (cursor === null) moved = 0;
    if (batches % readEvery === 0) desk.read(await own.readUsageReport(ref));
  }
}

/** What differs is looked at again: a provider has received what it has not counted yet. */
async function compareAll(ref: Ref, desk: Desk): Promise<'done' | 'goes on'> {
  desk.enter('compare');
  const { providers } = await own.readUsageReport(ref);
  const told = providers.flatMap(({ provider, reported }) =>
    provider === null || reported === 0 || desk.isAway(provider) ? [] : [provider],
  );
  for (const [look, gap] of [null, ...lookAgainAfter].entries()) {
    if (gap !== null) await sleep(gap, { summary: 'then see whether they have counted it' });
    let differ = 0;
    for (const provider of told) {
      const found = await compare(ref, provider, look > 0);
      if (found === 'goes on') return found;
      differ += found;
    }
    desk.tell(differ === 0 ? 'they counted what they were told' : `${differ} of their meters differ`);
    if (differ === 0) break;
  }
  return 'done';
}

async function compare(ref: Ref, provider: string, isAgain: boolean): Promise<number | 'goes on'> {
  const calls = callsTo(provider);
  let differ = 0;
  let cursor: Awaited<ReturnType<Activities['compareUsage']>>['cursor'] = null;
  do {
    const done: Awaited<ReturnType<Activities['compareUsage']>> = await calls.compareUsage({
      ...{ ...ref, provider, cursor, isAgain },
    });
    differ += done.differ;
    cursor = done.cursor;
    if (cursor !== null && isLong()) return 'goes on';
  } while (cursor !== null);
  return differ;
}

/** Each call writes before and after, so one that was lost is repeated. */
function callsTo(provider: string) {
  return proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    startToCloseTimeout: '10m',
    heartbeatTimeout: '20s',
    // Then this provider is left for the next report, which those of the others must not wait for.
    scheduleToCloseTimeout: '45m',
    retry: {
      ...{ initialInterval: '2s', maximumInterval: '2m' },
      // Keys that went away come back by a person.
      nonRetryableErrorTypes: ['provider_not_configured'],
    },
    summary: `usage to ${provider}`,
  });
}

function failureOf(error: unknown): Failure {
  if (isCancellation(error))
    return { code: 'canceled', message: 'It was canceled; what was not told goes with the next.' };
  return runFailureOf(error);
}
