import type pg from 'pg';
import { isFoundSession } from '../support/found-session.ts';

/** One thing that nobody could know the outcome of, and how long that lasted. */
export interface Unknown {
  readonly what: string;
  /** null: it still is. */
  readonly ms: number | null;
}

interface Row {
  readonly id: string;
  readonly since_ms: number;
}

/**
 * Sessions that may exist at a provider until they are found, ended or surely absent; refunds and openings whose answer
 * was lost until it is known. A found session that its provider cannot end is known: it is watched.
 */
const query = `
  select 'session of ' || checkout_id || ' at ' || provider as id,
    (extract(epoch from now() - asked_at) * 1000)::float8 as since_ms
  from stray_sessions where status = 'unknown' and not ${isFoundSession}
  union all
  select 'refund ' || id, (extract(epoch from now() - created_at) * 1000)::float8 from refunds where status = 'unknown'
  union all
  select 'opening of ' || id, (extract(epoch from now() - created_at) * 1000)::float8 from checkouts
  where status = 'creating' and created_at < now() - interval '9 seconds'`;

/** Looks at all that is unknown again and again, so that it is known how long each was. */
export function watchUnknowns(database: pg.Pool, everyMs = 500) {
  const lasted = new Map<string, number>();
  let open = new Set<string>();

  async function look(): Promise<void> {
    const { rows } = await database.query<Row>(query);
    for (const { id, since_ms: ms } of rows) lasted.set(id, Math.max(lasted.get(id) ?? 0, ms));
    open = new Set(rows.map(({ id }) => id));
  }

  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    async stop(): Promise<readonly Unknown[]> {
      isOver = true;
      await watching;
      await look();
      return [...lasted].map(([what, ms]) => ({ what, ms: open.has(what) ? null : Math.round(ms) + everyMs }));
    },
  };
}

export const longestUnknownMs = 120_000;

/** Of all durations, the one that 99 % do not exceed; 0 where nothing was unknown. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

export function unknownFaults(unknowns: readonly Unknown[]): readonly string[] {
  const open = unknowns.filter(({ ms }) => ms === null);
  const slow = p99(unknowns.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY));
  return [
    ...open.map(({ what }) => `${what} is still unknown`),
    ...(slow > longestUnknownMs
      ? [`p99 of unknown is ${slow / 1_000} s, not ${longestUnknownMs / 1_000} s at most`]
      : []),
  ];
}
