import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  sleep,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { MigrationProgress } from '../activities/migration-row.ts';
import type { WindowItem } from '../activities/migration-window.ts';
import { openItemStates } from '../domain/migration/migration.ts';
import { paceOf } from '../domain/migration/pace.ts';
import {
  billingQueue,
  migrationAbortedSignal,
  migrationItemWorkflowId,
  type MigrateCarried,
  type MigrateInput,
} from './messages.ts';
import type { MigrationDesk } from './migration-desk.ts';
import { migrationItemStart } from './start-options.ts';

/** A full window is looked at in the rows this often: a signal may be lost, a workflow too. */
const lookMs = 60_000;
/** While all are only waited for. */
const quietLookMs = 600_000;
/** Several that end together are looked at together. */
const gatherMs = 5_000;
/** Looks between two searches for workflows that were lost. */
const searchEvery = 6;
const pageSize = 100;

const own = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'our own tables',
});

type Progress = Pick<MigrationProgress, 'concurrency' | 'noticesPerMinute'>;
type Step = 'done' | 'goes on';

/**
 * The sliding window over a migration's customers: each has a workflow of its own, which outlives this run, holds a place
 * while it works and gives it back while it only waits.
 */
export function createWindow(input: MigrateInput, desk: MigrationDesk) {
  const { projectId, live, migrationId, provider } = input;
  const ref = { projectId, live, migrationId };
  let after = input.carried?.after ?? null;
  let ledBackTo = input.carried?.ledBackTo ?? null;
  let toldAtMs = (input.carried?.startedAt ?? []).map((at) => Date.parse(at));
  const mayGoOn = () => desk.isAborting() || !desk.isPaused();

  /** Starts customers in the order of their items until all were, as places, pace and operators allow. */
  async function fill({ concurrency, noticesPerMinute }: Progress, isLong: () => boolean): Promise<Step> {
    for (;;) {
      await condition(mayGoOn);
      if (desk.isAborting()) return 'done';
      if (isLong()) return 'goes on';
      const free = concurrency - desk.active().length;
      if (free <= 0) {
        await makeRoom(concurrency);
        continue;
      }
      const { room, waitMs } = paceOf({ nowMs: Date.now(), perMinute: noticesPerMinute, toldAtMs });
      if (room === 0) {
        await condition(() => !mayGoOn() || desk.isAborting(), waitMs, { summary: 'so many notices a minute' });
        continue;
      }
      const { items } = await own.nextMigrationItems({ ...ref, after, limit: Math.min(free, room, pageSize) });
      if (items.length === 0) return 'done';
      for (const item of items) {
        if (!mayGoOn() || desk.isAborting()) break;
        await start(item, WorkflowIdReusePolicy.REJECT_DUPLICATE);
      }
    }
  }

  async function start(item: WindowItem, reuse: WorkflowIdReusePolicy): Promise<void> {
    const { name, ...options } = migrationItemStart({ ...item, projectId, live, migrationId, fromProvider: provider });
    desk.take(item.id);
    if (after === null || item.id > after) after = item.id;
    try {
      const policies = { parentClosePolicy: ParentClosePolicy.ABANDON, workflowIdReusePolicy: reuse };
      await startChild(name, { ...options, ...policies });
      toldAtMs = [...toldAtMs, Date.now()].filter((atMs) => atMs > Date.now() - lookMs);
    } catch (error) {
      // An earlier run started it. Where it has ended, the next look at the rows gives its place back.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /** Waits for a place; after a minute the rows say who really holds one. */
  async function makeRoom(concurrency: number): Promise<void> {
    const hasRoom = () => desk.active().length < concurrency || desk.isAborting();
    if (await condition(hasRoom, lookMs, { summary: 'for a place in the window' })) return;
    await look();
  }

  async function look(): Promise<MigrationProgress> {
    const row = await own.lookAtMigration({ ...ref, active: desk.active() });
    desk.keepOnly(row.stillActive);
    desk.read(row);
    return row;
  }

  /** Has everybody led back who is not past the point of no return; the rest go forward to their end. */
  async function leadBack(isLong: () => boolean): Promise<Step> {
    await own.keepUntold(ref);
    desk.tell('leads back who is not past the point of no return');
    for (;;) {
      const { items } = await own.itemsToLeadBack({ ...ref, after: ledBackTo, limit: pageSize });
      for (const { id } of items) await tellAborted(id);
      ledBackTo = items.at(-1)?.id ?? null;
      if (ledBackTo === null) return 'done';
      if (isLong()) return 'goes on';
    }
  }

  /** One that has just ended needs nothing more; one that was lost is found, and reads that it is aborted. */
  async function tellAborted(itemId: string): Promise<void> {
    const handle = getExternalWorkflowHandle(migrationItemWorkflowId(migrationId, itemId));
    await handle.signal(migrationAbortedSignal).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
  }

  /** Waits until the last customer has come to an end; finds workflows that were lost, and starts them again. */
  async function follow(isLong: () => boolean): Promise<Step> {
    const aborting = desk.isAborting();
    for (let looks = 1; ; looks += 1) {
      const { items } = await look();
      if (openItemStates.every((state) => (items[state] ?? 0) === 0)) return 'done';
      if (isLong() || (desk.isAborting() && !aborting)) return 'goes on';
      if (looks % searchEvery === 0) await findLost();
      const before = desk.ended();
      const hasNews = () => desk.ended() > before || desk.isAborting() !== aborting;
      const gap = desk.active().length > 0 ? lookMs : quietLookMs;
      if (await condition(hasNews, gap, { summary: 'for customers to act' })) await sleep(gatherMs);
    }
  }

  async function findLost(): Promise<void> {
    const { lost } = await own.findLostMigrationItems({ ...ref, takenUpTo: after });
    for (const item of lost) await start(item, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
    if (lost.length > 0) desk.tell(`${lost.length} customers' workflows were lost, and go on from their rows`);
  }

  return {
    fill,
    leadBack,
    follow,
    carried: (): MigrateCarried => ({
      ...{ active: desk.active(), after, ledBackTo, story: desk.story() },
      startedAt: toldAtMs.map((atMs) => new Date(atMs).toISOString()),
    }),
  };
}
