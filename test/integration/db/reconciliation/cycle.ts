import type { CompareResult } from '../../../../src/activities/compare-step.ts';
import { newId } from '../../../../src/db/new-id.ts';
import type { Shop } from './shop.ts';

export interface Told {
  readonly kind: string;
  readonly objectKind: string;
  readonly objectId: string;
}

export interface Cycle {
  readonly runId: string;
  readonly told: readonly string[];
  readonly compared: number;
  readonly foreign: number;
  readonly durationMs: number;
}

/** `kind object_kind object_id`: what a difference is, as planted and as told. */
export function nameOf({ kind, objectKind, objectId }: Told): string {
  return `${kind} ${objectKind} ${objectId}`;
}

export interface RunRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly runId: string;
}

/** A run over the last hour that its workflow has just begun. One that was left open before it is over. */
export async function beginRun(shop: Shop, provider: string): Promise<RunRef> {
  const runId = newId('rec');
  await shop.run(`update reconciliation_runs set status = 'canceled' where provider = ? and status = 'running'`, [
    provider,
  ]);
  await shop.run(
    `insert into reconciliation_runs (id, provider, from_at, to_at, cause, actor, status, phase, project_id, live)
     values (?, ?, now() - interval '1 hour', now() + interval '2 seconds', 'request', 'test', 'running', 'theirs', 'p', false)`,
    [runId, provider],
  );
  return { projectId: 'p', live: false, runId };
}

/** What a run has told, in order. */
export async function toldBy(shop: Shop, runId: string): Promise<readonly string[]> {
  const told = await shop.query<{ kind: string; object_kind: string; object_id: string }>(
    'select kind, object_kind, object_id from reconciliation_differences where run_id = ?',
    [runId],
  );
  return told
    .map((each) => nameOf({ kind: each.kind, objectKind: each.object_kind, objectId: each.object_id }))
    .toSorted();
}

/**
 * One run at one provider, step by step as its workflow does it. Every step is sent twice, as after a lost answer: the
 * second must change nothing.
 */
export async function runCycle(shop: Shop, provider: string): Promise<Cycle> {
  const ref = await beginRun(shop, provider);
  const { runId } = ref;
  const began = performance.now();
  for (const phase of ['compareTheirs', 'compareOurs'] as const) {
    for (let cursor: string | null = null; ;) {
      const step: CompareResult = await shop.activities[phase]({ ...ref, cursor });
      const again: CompareResult = await shop.activities[phase]({ ...ref, cursor });
      if (again.cursor !== step.cursor)
        throw new Error(`a repeat of ${phase} moved on: ${cursor ?? ''} → ${again.cursor ?? ''}`);
      cursor = step.cursor;
      if (cursor === null) break;
    }
  }
  const [row] = await shop.query<{ compared: number; phase: string }>(
    'select compared, phase from reconciliation_runs where id = ?',
    [runId],
  );
  await shop.run(`update reconciliation_runs set status = 'succeeded' where id = ?`, [runId]);
  if (row === undefined || row.phase === 'theirs' || row.phase === 'ours')
    throw new Error(`the run ends in ${row?.phase ?? 'nothing'}`);
  const [looks] = await shop.query<{ foreign: number }>(
    `select count(*)::int as foreign from reconciliation_looks where run_id = ? and verdict = 'foreign'`,
    [runId],
  );
  return {
    runId,
    told: await toldBy(shop, runId),
    compared: row.compared,
    foreign: looks?.foreign ?? 0,
    durationMs: performance.now() - began,
  };
}
