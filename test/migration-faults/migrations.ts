import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Target } from '../../bench/stack/target.ts';
import { createPatientCaller, isAnswered, type Answered } from '../support/patient-caller.ts';
import { lastCallMinutes, remindAfterMinutes, type MigrationFaultPlan } from './plan.ts';
import type { ProofAnswer } from './proof.ts';
import { oldProvider } from './provider-api.ts';

/** What an operator does, patiently: the API is killed again and again meanwhile. */
export function createOperator(target: Target, onAnswer: (answered: Answered) => void) {
  const caller = createPatientCaller(target, onAnswer);
  const headers = { authorization: `Bearer ${target.ops_key}`, 'content-type': 'application/json' };
  const post = <T>(path: string, key: string, body: object) => {
    const payload = { headers: { ...headers, 'idempotency-key': key }, body: JSON.stringify(body) };
    return caller.until<T>('POST', `/api/v1/ops/${path}`, payload, isAnswered);
  };
  return {
    /** @param key The same key again is the same migration. */
    startMigration: (key: string, settings: object) =>
      post<{ readonly id: string }>('migrations', key, { name: key, from: oldProvider, dry_run: false, ...settings }),
    /** Nobody else is moved. */
    end: (migrationId: string, key: string) => post(`migrations/${migrationId}/abort`, key, {}),
    /** A new one, and once it is done: whole. */
    async proof(migrationId: string, key: string): Promise<ProofAnswer> {
      await post(`migrations/${migrationId}/proof`, key, {});
      const path = `/api/v1/ops/migrations/${migrationId}/proof`;
      const isMade = (status: number, { status: state }: ProofAnswer) =>
        status === 200 && (state === 'succeeded' || state === 'failed');
      return caller.until<ProofAnswer>('GET', path, { headers, body: '' }, isMade);
    },
  };
}
export type Operator = ReturnType<typeof createOperator>;

export function settingsOf(plan: MigrationFaultPlan, ratePerSecond: number) {
  return {
    ...{ concurrency: 40, notices_per_minute: Math.min(10_000, Math.max(60, Math.round(ratePerSecond * 60))) },
    ...{ remind_after_minutes: [remindAfterMinutes], deadline_minutes: plan.deadlineMinutes },
    ...{ last_call_minutes: lastCallMinutes, watch_minutes: 1 },
  };
}

interface ItemRow {
  readonly state: string;
  readonly count: number;
}

const over = new Set(['excluded', 'done', 'kept', 'left', 'rolled_back', 'attention']);

/** How many items of a migration are in which state, by our own rows: for progress and rest alone, never for the verdict. */
export async function countStates(database: pg.Pool, migrationId: string): Promise<Readonly<Record<string, number>>> {
  const { rows } = await database.query<ItemRow>(
    `select state, count(*)::integer as count from migration_items where migration_id = $1 group by state`,
    [migrationId],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** Customers who have paid and whose old subscription is not cancelled yet: the system has them to work at. */
export async function countUnderWay(database: pg.Pool, migrationId: string): Promise<number> {
  const { rows } = await database.query<{ readonly count: number }>(
    `select count(*)::integer as count from migration_items item
     left join checkouts on checkouts.id = item.checkout_id
     where migration_id = $1 and (state in ('moved', 'canceling') or (state = 'opened' and checkouts.status = 'paid'))`,
    [migrationId],
  );
  return rows[0]?.count ?? 0;
}

export function isOverState(state: string): boolean {
  return over.has(state);
}

/** Its customer need do nothing any more. */
export function isDecided(state: string): boolean {
  return over.has(state) || state === 'watching';
}

/**
 * Items that can still move within minutes. Who renewed once more waits for the next period, which may be a month; who left
 * the page open keeps it for as long as it lives.
 */
const restless = `
  select item.id, state, coalesce(code, '') as code, coalesce(because, '') as because from migration_items item
  left join checkouts on checkouts.id = item.checkout_id
  where migration_id = $1 and state not in ('excluded', 'done', 'kept', 'left', 'rolled_back', 'attention')
    and not (state = 'watching' and paid_through > now() + interval '1 hour')
    and not (state = 'opened' and checkouts.status in ('open', 'pending'))`;

/**
 * Waits until nothing of a migration can move any more.
 *
 * @returns What still does after `patienceMs`, and what a person is asked about, as faults.
 */
export async function awaitMigrationRest(
  database: pg.Pool,
  migrationId: string,
  patienceMs: number,
  print: (line: string) => void,
): Promise<readonly string[]> {
  interface Row {
    readonly id: string;
    readonly state: string;
    readonly code: string;
    readonly because: string;
  }
  const startMs = Date.now();
  for (let saidMs = 0; ; await sleep(1_000)) {
    const { rows } = await database.query<Row>(restless, [migrationId]);
    const { rows: status } = await database.query<{ readonly status: string }>(
      'select status from migrations where id = $1',
      [migrationId],
    );
    const isPlanned = !['requested', 'inventory', 'planned'].includes(status[0]?.status ?? 'requested');
    const ms = Date.now() - startMs;
    if (isPlanned && rows.length === 0) break;
    if (ms > patienceMs)
      return [
        `the migration is ${status[0]?.status} after ${Math.round(ms / 1_000)} s`,
        ...rows.map(({ id, state, because }) => `${id} is still ${state}: ${because}`),
      ];
    if (ms - saidMs > 10_000) {
      saidMs = ms;
      print(
        `${Math.round(ms / 1_000)} s: not yet at rest: ${JSON.stringify(await countStates(database, migrationId))}`,
      );
    }
  }
  const { rows } = await database.query<Row>(
    `select id, state, coalesce(code, '') as code, coalesce(because, '') as because from migration_items
     where migration_id = $1 and state = 'attention'`,
    [migrationId],
  );
  return rows.map(({ id, code, because }) => `${id} needs a person (${code}): ${because}`);
}
