import { setTimeout as sleep } from 'node:timers/promises';
import { ReconciliationRunEntity, type ReconciliationRun } from '../db/entities/reconciliation.ts';
import type { Db } from '../db/orm.ts';
import { overlapMs } from '../domain/reconciliation/window.ts';
import type { Scene } from './compare-look.ts';
import { createPatience } from './compare-patience.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';
import { accountOf } from './provider-account.ts';

/** A reconciliation run, as its workflow names it. */
export interface ReconciliationRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly runId: string;
}

export interface CompareInput extends ReconciliationRef {
  /** What the step before answered; null: the phase begins. */
  readonly cursor: string | null;
}

/** What one page came to. */
export interface CompareResult {
  /** Where the phase goes on; null: it is over, and the run's row says the next one. */
  readonly cursor: string | null;
  /** Objects of both sides that this page looked at. */
  readonly compared: number;
  /** Differences that this page told. */
  readonly found: number;
  /** The next page is not due before this long: what seemed different must have had its time. Mostly 0. */
  readonly waitMs: number;
}

type Phase = ReconciliationRun['phase'];

/** Where a run goes on after a page. */
export interface Advance {
  readonly phase: Phase;
  readonly cursor: string | null;
  readonly compared: number;
}

/**
 * The run, where it stands at this page; null where it does not: an earlier attempt did the page and its answer was
 * lost, or the run was canceled.
 */
export async function findStep(em: Db, input: CompareInput, phase: Phase): Promise<ReconciliationRun | null> {
  const { runId: id, projectId, live } = input;
  const run = await em.findOneOrFail(ReconciliationRunEntity, { id, projectId, live }, { refresh: true });
  return run.status === 'running' && run.phase === phase && run.cursor === input.cursor ? run : null;
}

/** What an attempt answers that finds its page done: the way on from where the run is. */
export async function answerDone(em: Db, ref: ReconciliationRef, phase: Phase): Promise<CompareResult> {
  const { runId: id, projectId, live } = ref;
  const run = await em.findOneOrFail(ReconciliationRunEntity, { id, projectId, live }, { refresh: true });
  const isHere = run.status === 'running' && run.phase === phase;
  return { cursor: isHere ? run.cursor : null, compared: 0, found: 0, waitMs: 0 };
}

/**
 * Moves a run on, in the transaction that writes what the page found: both or neither.
 *
 * @throws {RowMoved} another attempt at the same page was faster: nothing of this one is written.
 */
export async function advanceRun(tx: Db, run: ReconciliationRun, to: Advance): Promise<void> {
  const moved = await tx.nativeUpdate(
    ReconciliationRunEntity,
    { id: run.id, version: run.version, status: 'running' },
    {
      ...{ phase: to.phase, cursor: to.cursor, compared: run.compared + to.compared },
      ...{ version: run.version + 1, updatedAt: new Date() },
    },
  );
  if (moved === 0) throw new RowMoved();
}

/** @throws {BillingError} `provider_not_configured` (unavailable) */
export async function sceneOf(deps: ActivityDeps, run: ReconciliationRun): Promise<Scene> {
  const { projectId, live, provider, fromAt } = run;
  // Nobody waits for it: those who wait go first.
  const { client } = await accountOf({ ...deps, providers: deps.background }, projectId, live, provider);
  const since = new Date(fromAt.getTime() - overlapMs);
  const patiently = createPatience(sleep);
  return { em: deps.orm.em.fork(), account: { projectId, live, provider }, client, patiently, since };
}
