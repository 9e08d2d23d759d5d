import type pg from 'pg';
import { z } from 'zod';

/** Events of one statement: as many as the roller takes at once. */
const batch = 50_000;

export interface MadeEvents {
  readonly organizationId: string;
  readonly count: number;
  /** Spread evenly over this time, in ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly prefix: string;
}

/**
 * Stores events by SQL, in transactions of their own as the API's batches are. Their keys rise, which no app's do: it
 * makes the load quicker, and reading does not use that index.
 */
export async function storeEvents(
  database: pg.Client,
  events: MadeEvents,
  print: (line: string) => void,
): Promise<void> {
  const { organizationId, count, fromMs, toMs, prefix } = events;
  for (let from = 0; from < count; from += batch) {
    await database.query(
      `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties, occurred_at)
       select uuidv7(), 'default', false, $1, $2 || n, 'api_call', (n % 1000) / 8.0,
         jsonb_build_object('region', (array['eu', 'us', 'mx'])[1 + n % 3]),
         to_timestamp(($3::float8 + ($4::float8 - $3::float8) * n / $5) / 1000)
       from generate_series($6::bigint, $7::bigint) n`,
      [organizationId, prefix, fromMs, toMs, count, from, Math.min(count, from + batch) - 1],
    );
    if ((from / batch) % 20 === 19) print(`${from + batch} events are stored`);
  }
}

/** Waits until the relay has counted everything. @returns how long that took */
export async function untilRolled(database: pg.Client): Promise<number> {
  const began = performance.now();
  const left = z.tuple([z.object({ left: z.boolean() })]);
  for (;;) {
    const { rows } = await database.query(
      'select exists (select from usage_events where xid >= (select xid from usage_marks)) as left',
    );
    if (!left.parse(rows)[0].left) return performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The same total without rollups. */
export async function countAll(database: pg.Client, organizationId: string): Promise<{ total: string; ms: number }> {
  const began = performance.now();
  const { rows } = await database.query(
    `select trim_scale(sum(quantity))::text as total from usage_events
     where project_id = 'default' and live = false and organization_id = $1 and event_name = 'api_call'`,
    [organizationId],
  );
  const [row] = z.tuple([z.object({ total: z.string() })]).parse(rows);
  return { total: row.total, ms: performance.now() - began };
}

/** Made up, and nobody's: gone with the run. */
export async function removeEvents(database: pg.Client, organizationId: string): Promise<void> {
  for (const table of ['usage_events', 'usage_rollups', 'usage_uniques'])
    await database.query(`delete from ${table} where organization_id = $1`, [organizationId]);
  await database.query(`delete from organizations where project_id = 'default' and id = $1`, [organizationId]);
}
