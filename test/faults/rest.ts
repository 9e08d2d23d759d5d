import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { isFoundSession } from '../support/found-session.ts';

/**
 * The two clocks of a run. Waits between looks at a quiet checkout are a tenth of what they stand for, so a checkout's 15
 * minutes are 90 s here. Everything else (the search for lost sessions, retries, breakers, refunds) runs as in production
 * and is judged by the wall: nothing of it is allowed more than its 2 minutes.
 */
export const compressedBy = 10;
export const lookGaps = ['6s', ...Array.from({ length: 30 }, () => '30s')].join(',');
export const longestUnresolvedMs = (15 * 60_000) / compressedBy;

/** A provider's call is given up earlier than after the usual 4 s; a busy machine must not look like a dead provider. */
export const providerTimeoutMs = 2_500;

/** Refunds of what was paid twice and late webhooks come after the checkouts; then it is a fault. */
export const longestRestlessMs = 180_000;

interface Restless {
  readonly kind: string;
  readonly id: string;
  readonly what: string;
}

/** A session that was found and cannot be ended there is watched until it lapses: it is at rest. */
const query = `
  select 'checkout' as kind, id, id || ' is still ' || status as what from checkouts
  where status = 'creating' or (status in ('open', 'pending') and not id = any($1))
  union all
  select 'late payment', id, id || ' was paid after its end and is still ' || status from checkouts
  where status in ('canceled', 'expired', 'failed') and id = any($2)
  union all
  select 'webhook', id, 'webhook ' || id || ' (' || type || ') is ' || status || ': ' || coalesce(last_error, '')
  from provider_events where status in ('received', 'set_aside')
  union all
  select 'session', id, 'another session of ' || checkout_id || ' at ' || provider || ' is ' || status || ': ' ||
    coalesce(why, 'never looked for') from stray_sessions
  where (status = 'unknown' and not ${isFoundSession}) or (status = 'paid' and resolved_at is null)
  union all
  select 'refund', id, 'refund ' || id || ' is ' || status from refunds
  where status in ('requested', 'pending', 'unknown')`;

export interface Rest {
  readonly faults: readonly string[];
  /** When the last checkout was resolved after the faults' end, in ms of this run's wall. */
  readonly checkoutsMs: number;
  /** When the last thing of any kind was. */
  readonly allMs: number;
}

/**
 * Waits until nothing can move any more.
 *
 * @param input.waiting Checkouts that rightly stay open: pages nobody paid, vouchers nobody took to the shop.
 * @param input.paid Checkouts whose money was taken: a page that was ended here and paid there is looked at after a minute.
 */
export async function awaitRest(
  database: pg.Pool,
  { waiting, paid }: { readonly waiting: readonly string[]; readonly paid: readonly string[] },
  print: (line: string) => void,
): Promise<Rest> {
  const startMs = Date.now();
  let checkoutsMs = 0;
  const late = new Set<string>();
  for (let saidMs = 0; ;) {
    const { rows } = await database.query<Restless>(query, [waiting, paid]);
    const nowMs = Date.now() - startMs;
    const checkouts = rows.filter(({ kind }) => kind === 'checkout');
    if (checkouts.length > 0) checkoutsMs = nowMs;
    if (nowMs > longestUnresolvedMs) for (const { what } of checkouts) late.add(what);
    const lateFaults = [...late].map((what) => `${what} ${longestUnresolvedMs / 1_000} s after the faults ended`);
    if (rows.length === 0) return { faults: lateFaults, checkoutsMs, allMs: nowMs };
    if (nowMs > longestRestlessMs) {
      const open = rows.filter(({ kind }) => kind !== 'checkout').map(({ what }) => what);
      return { faults: [...lateFaults, ...open], checkoutsMs, allMs: nowMs };
    }
    if (nowMs - saidMs > 5_000) {
      saidMs = nowMs;
      const counts = Object.entries(Object.groupBy(rows, ({ kind }) => kind)).map(
        ([kind, of]) => `${kind} ${of?.length ?? 0}`,
      );
      print(`${Math.round(nowMs / 1_000)} s after the faults: not yet at rest: ${counts.join(', ')}`);
    }
    await sleep(500);
  }
}
