import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { MigrationStatus } from '../domain/migration/migration.ts';
import { isLong } from './long-run.ts';
import { billingQueue, providerQueue, type MigrateInput } from './messages.ts';
import { openMigrationDesk, type MigrationDesk } from './migration-desk.ts';
import { createWindow } from './migration-window.ts';

const own = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'our own tables',
});
const planner = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '5m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'a verdict for each',
});

type Ref = Pick<MigrateInput, 'projectId' | 'live' | 'migrationId'>;
type Failure = { readonly code: string; readonly message: string };

/**
 * Leads the customers of one provider to others: an inventory of who is there, a plan with its money, and, unless it is a
 * dry run, a workflow per customer, so many at a time and so many notices a minute. It lives until the last customer has
 * come to an end.
 *
 * The row has the status and the cursor, the items have the rest: wherever this is started again, it goes on from there.
 */
export async function migrate(input: MigrateInput): Promise<{ readonly status: MigrationStatus }> {
  const { projectId, live, migrationId } = input;
  const ref = { projectId, live, migrationId };
  const desk = openMigrationDesk(input, (act) => own.steerMigration({ ...ref, act }));
  const window = createWindow(input, desk);
  const outcome = await work(input, ref, desk, window).catch(failureOf);
  return CancellationScope.nonCancellable(async () => {
    await condition(allHandlersFinished);
    if (outcome === 'goes on') return continueAsNew<typeof migrate>({ ...input, carried: window.carried() });
    const failure = outcome === 'done' ? null : outcome;
    const progress = await own.finishMigration({ ...ref, failure });
    desk.close(progress, failure);
    if (failure !== null) log.warn('a migration did not go through', { migration: migrationId, code: failure.code });
    await condition(allHandlersFinished);
    return { status: progress.status };
  });
}

/** @returns `goes on`: the history is long, and the next run continues from the rows. */
async function work(
  input: MigrateInput,
  ref: Ref,
  desk: MigrationDesk,
  window: ReturnType<typeof createWindow>,
): Promise<'done' | 'goes on'> {
  let row = await own.beginMigration(ref);
  desk.read(row);
  if (row.isOver) return 'done';
  if (!row.isPlanned && (await prepare(input, ref, desk)) === 'goes on') return 'goes on';
  if (!desk.isAborting()) {
    row = await own.startMigration(ref);
    desk.read(row);
    if (row.isOver) return 'done';
    if ((await window.fill(row, isLong)) === 'goes on') return 'goes on';
  }
  if (desk.isAborting() && (await window.leadBack(isLong)) === 'goes on') return 'goes on';
  return window.follow(isLong);
}

/** Reads who is there, and decides about each: page by page, each committed with where the next begins. */
async function prepare(input: MigrateInput, ref: Ref, desk: MigrationDesk): Promise<'done' | 'goes on'> {
  const calls = callsTo(input.provider);
  desk.tell('asks the old provider who is there');
  for (let found = 0; ;) {
    await condition(() => !desk.isPaused());
    if (desk.isAborting()) return 'done';
    const page = await calls.inventoryMigration(ref);
    found += page.found;
    if (page.isDone) {
      desk.tell(`${found} subscriptions read`);
      break;
    }
    if (isLong()) return 'goes on';
  }
  for (;;) {
    await condition(() => !desk.isPaused());
    if (desk.isAborting()) return 'done';
    const { isDone } = await planner.planMigrationItems(ref);
    if (isDone) return 'done';
    if (isLong()) return 'goes on';
  }
}

/** A page only reads there, so one that was lost is repeated; a provider that is away for a day ends the migration. */
function callsTo(provider: string) {
  return proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    startToCloseTimeout: '10m',
    heartbeatTimeout: '20s',
    scheduleToCloseTimeout: '1 day',
    retry: {
      ...{ initialInterval: '2s', maximumInterval: '2m' },
      // Keys that went away come back by a person, who then starts it anew.
      nonRetryableErrorTypes: ['provider_not_configured'],
    },
    summary: `who is at ${provider}`,
  });
}

function failureOf(error: unknown): Failure {
  if (isCancellation(error)) return { code: 'canceled', message: 'Its workflow was canceled.' };
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  const code = cause instanceof ApplicationFailure ? cause.type : null;
  return { code: code ?? 'provider_timeout', message: cause?.message ?? error.message };
}
