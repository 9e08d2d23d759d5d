import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { AdvancedMigrationItem } from '../activities/advance-migration-item.ts';
import type { MigrationItemState } from '../domain/migration/migration.ts';
import { isLong } from './long-run.ts';
import {
  billingQueue,
  callQueue,
  migrationItemEndedSignal,
  migrationItemWaitsSignal,
  migrationWorkflowId,
  type MigrateCustomerInput,
} from './messages.ts';
import { openItemDesk } from './migration-item-desk.ts';

/** Between two tries while a provider does not answer; what was wished meanwhile is heard then. */
const awayMs = 30_000;

/**
 * One customer's way from the old provider to the new, for weeks: told, paid there, the old one cancelled, both watched.
 *
 * The item's row is the truth. Each step reads it and both providers anew, decides, and does one thing; this only asks
 * for the next step, and waits where there is none. So wherever it is cut off, it goes on from the row.
 */
export async function migrateCustomer(input: MigrateCustomerInput): Promise<{ readonly state: MigrationItemState }> {
  const desk = openItemDesk(input);
  let { asks = null, hasWaited = false } = input.carried ?? {};
  for (;;) {
    desk.look();
    const step = await advance(input, asks, desk.wishes()).catch(failureOf);
    if ('failure' in step) {
      if (!step.isFinal) {
        desk.fail(step.failure.message);
        await condition(desk.isWoken, awayMs, { summary: 'then the provider is asked again' });
        continue;
      }
      const { code, message: because } = step.failure;
      const { state } = await own('asks a person').stopMigrationItem({ ...refOf(input), now: now(), code, because });
      desk.stop(state, because);
      return end(input, state);
    }
    asks = step.asks;
    desk.did(step);
    if (step.isOver) return end(input, step.state);
    if (step.did !== 'wait') continue;
    if (step.forCustomer && !hasWaited) {
      hasWaited = true;
      await tellMigration(input, migrationItemWaitsSignal);
    }
    await pause(desk, step);
    if (!isLong()) continue;
    await condition(allHandlersFinished);
    return continueAsNew<typeof migrateCustomer>({ ...input, carried: desk.carried({ asks, hasWaited }) });
  }
}

function advance(
  input: MigrateCustomerInput,
  at: string | null,
  wishes: { readonly isWithdrawn: boolean; readonly remindTo: number },
): Promise<AdvancedMigrationItem> {
  const calls = proxyActivities<Activities>({
    taskQueue: callQueue(at),
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '10m',
    retry: { initialInterval: '1s', maximumInterval: '30s' },
    summary: at === null ? 'the next step' : `the next step, at ${at}`,
  });
  return calls.advanceMigrationItem({ ...refOf(input), now: now(), at, ...wishes });
}

function own(summary: string) {
  return proxyActivities<Activities>({
    ...{ taskQueue: billingQueue, startToCloseTimeout: '1m', summary },
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });
}

async function pause(desk: ReturnType<typeof openItemDesk>, { until, because }: AdvancedMigrationItem): Promise<void> {
  if (until === null) await condition(desk.isWoken);
  else {
    const waitMs = Date.parse(until) - Date.now();
    if (waitMs > 0) await condition(desk.isWoken, waitMs, { summary: because });
  }
}

async function end(input: MigrateCustomerInput, state: MigrationItemState) {
  await tellMigration(input, migrationItemEndedSignal);
  await condition(allHandlersFinished);
  return { state };
}

/** A migration that has ended needs no telling: its rows say it. */
async function tellMigration(
  { migrationId, itemId }: MigrateCustomerInput,
  signal: SignalDefinition<[{ readonly itemId: string }]>,
): Promise<void> {
  try {
    await getExternalWorkflowHandle(migrationWorkflowId(migrationId)).signal(signal, { itemId });
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}

/** Whether nothing but a person can help: anything that may pass is tried again. */
function failureOf(error: unknown): {
  readonly failure: { readonly code: string; readonly message: string };
  readonly isFinal: boolean;
} {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  const isTold = cause instanceof ApplicationFailure;
  const code = isTold ? (cause.type ?? 'internal_error') : 'provider_timeout';
  return {
    failure: { code, message: cause?.message ?? error.message },
    isFinal: isTold && cause.nonRetryable === true,
  };
}

function refOf({ projectId, live, itemId }: MigrateCustomerInput) {
  return { projectId, live, itemId };
}

function now(): string {
  return new Date().toISOString();
}
