import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { PaidCheckout } from './storm.ts';

const drainLimitMs = 180_000;
const paidLimitMs = 60_000;

export interface StormOutcome {
  /** Rows by what became of them. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Acknowledged, yet in no row. */
  readonly lost: number;
  /** Neither settled nor lost when we stopped looking. */
  readonly waiting: number;
  readonly drainedAfterMs: number;
  /** From the row to the signal, of the decisive ones. */
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly paidByUs: number;
}

/** Waits until every acknowledged event is settled and every paid checkout is `paid`, then counts in the database. */
export async function awaitOutcome(
  database: pg.Client,
  eventIds: readonly string[],
  paid: readonly PaidCheckout[],
): Promise<StormOutcome> {
  const startMs = Date.now();
  let byStatus = await countByStatus(database, eventIds);
  while ((byStatus['received'] ?? 0) > 0 && Date.now() - startMs < drainLimitMs) {
    await sleep(500);
    byStatus = await countByStatus(database, eventIds);
  }
  const drainedAfterMs = Date.now() - startMs;
  let paidByUs = await countPaid(database, paid);
  while (paidByUs < paid.length && Date.now() - startMs - drainedAfterMs < paidLimitMs) {
    await sleep(500);
    paidByUs = await countPaid(database, paid);
  }
  const { rows } = await database.query<{ p50: number | null; p99: number | null }>(
    `select percentile_disc(0.5) within group (order by lag) as p50, percentile_disc(0.99) within group (order by lag) as p99
     from (select extract(epoch from settled_at - created_at)::float8 * 1000 as lag from provider_events
           where event_id = any($1) and status = 'delivered') delivered`,
    [eventIds],
  );
  const found = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
  return {
    byStatus,
    lost: eventIds.length - found,
    waiting: byStatus['received'] ?? 0,
    drainedAfterMs,
    lagP50Ms: rows[0]?.p50 ?? 0,
    lagP99Ms: rows[0]?.p99 ?? 0,
    paidByUs,
  };
}

async function countByStatus(
  database: pg.Client,
  eventIds: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await database.query<{ status: string; count: number }>(
    'select status, count(*)::int as count from provider_events where event_id = any($1) group by 1',
    [eventIds],
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

async function countPaid(database: pg.Client, paid: readonly PaidCheckout[]): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from checkouts where status = 'paid' and id = any($1)`,
    [paid.map(({ checkoutId }) => checkoutId)],
  );
  return rows[0]?.count ?? 0;
}
