import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { countStates, isOverState, settingsOf, type Operator } from './migrations.ts';
import type { MigrationFaultPlan } from './plan.ts';

/** What a further migration over the same provider came to. */
export interface Repeat {
  readonly name: string;
  /** Items by state; empty: an earlier one is still open, and it was refused. */
  readonly states: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

interface Ground {
  readonly database: pg.Pool;
  readonly operator: Operator;
  readonly print: (line: string) => void;
}

const patienceMs = 300_000;

/**
 * Runs the migration once more and ends it when everybody it would move has been told. Whatever that does to anybody, the
 * ledger shows afterwards; here only what it plans: who has moved must not be taken up again.
 */
export async function repeatMigration(
  { database, operator, print }: Ground,
  plan: MigrationFaultPlan,
  firstId: string,
  name: string,
): Promise<Repeat> {
  if (!(await close(database, operator, firstId))) return { name, states: {}, faults: [] };
  const { id } = await operator.startMigration(name, { ...settingsOf(plan, 50), deadline_minutes: 60 });
  const isTold = await until(async () => {
    const states = await countStates(database, id);
    const status = await statusOf(database, id);
    const isPlanned = !['requested', 'inventory', 'planned'].includes(status);
    return isPlanned && Object.keys(states).every((state) => isOverState(state) || state === 'notified');
  }, patienceMs);
  const isDone = await close(database, operator, id);
  const states = await countStates(database, id);
  print(`${name}: ${JSON.stringify(states)}`);
  const taken = await takenUpAgain(database, firstId, id);
  return {
    ...{ name, states },
    faults: [
      ...(isTold && isDone ? [] : [`the migration ${id} (${name}) came to no end: ${JSON.stringify(states)}`]),
      ...taken.map((subscription) => `${subscription} had moved, and ${name} has planned to move it`),
      ...Object.keys(states).flatMap((state) =>
        state === 'excluded' || state === 'rolled_back' || state === 'kept' ? [] : [`${name} left items ${state}`],
      ),
    ],
  };
}

/** @returns false: it lives on, for customers who pay the old provider for another period first. */
async function close(database: pg.Pool, operator: Operator, id: string): Promise<boolean> {
  const isOver = async () => ['aborted', 'completed'].includes(await statusOf(database, id));
  if (await isOver()) return true;
  await operator.end(id, `end ${id}`);
  const { rows } = await database.query(
    `select 1 from migration_items where migration_id = $1 and state in ('moved', 'canceling', 'watching') limit 1`,
    [id],
  );
  return await until(isOver, rows.length > 0 ? 5_000 : patienceMs);
}

async function until(isSo: () => Promise<boolean>, forMs: number): Promise<boolean> {
  for (const untilMs = Date.now() + forMs; Date.now() < untilMs; await sleep(500)) if (await isSo()) return true;
  return false;
}

async function statusOf(database: pg.Pool, migrationId: string): Promise<string> {
  const { rows } = await database.query<{ readonly status: string }>('select status from migrations where id = $1', [
    migrationId,
  ]);
  return rows[0]?.status ?? 'unknown';
}

async function takenUpAgain(database: pg.Pool, firstId: string, id: string): Promise<readonly string[]> {
  const { rows } = await database.query<{ readonly id: string }>(
    `select again.provider_subscription_id as id from migration_items again
     join migration_items first on first.provider_subscription_id = again.provider_subscription_id
     where first.migration_id = $1 and again.migration_id = $2 and first.canceled_at is not null
       and again.state <> 'excluded'`,
    [firstId, id],
  );
  return rows.map((row) => row.id);
}
