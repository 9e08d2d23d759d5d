import { hash } from 'node:crypto';
import type { UsageEvent } from '../../domain/usage/event.ts';
import { booleanArray, jsonbArray, textArray, timestamptzArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../orm.ts';
import { executePrepared, transactPrepared, type RunPrepared } from '../prepared.ts';

/** Whose events they are; test and live never mix. */
export interface UsageScope {
  readonly projectId: string;
  readonly live: boolean;
}

/** An event with what makes it unique, ready to be stored. */
export interface UsageRow {
  /** Of `eventKey`. */
  readonly key: string;
  readonly scope: UsageScope;
  readonly event: UsageEvent;
}

/**
 * What an event is known by for ever: 128 bits of SHA-256 over project, mode, organization and event id, as 32
 * hexadecimal digits, which PostgreSQL takes for a uuid. Lengths stand before the parts, so that no two differently cut
 * tuples are the same text.
 */
export function eventKey({ projectId, live }: UsageScope, organizationId: string, eventId: string): string {
  const mode = live ? 'live' : 'test';
  const text = `${projectId.length}:${projectId}${mode}${organizationId.length}:${organizationId}${eventId}`;
  return hash('sha256', text, 'hex').slice(0, 32);
}

const insertSql = `with stored as (
  insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties,
    corrects, occurred_at)
  select event_key, project_id, live, organization_id, event_id, event_name, quantity::numeric, properties, corrects,
    occurred_at
  from unnest(?::uuid[], ?::text[], ?::boolean[], ?::text[], ?::text[], ?::text[], ?::text[], ?::jsonb[], ?::text[],
    ?::timestamptz[]) as event (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties,
    corrects, occurred_at)
  on conflict (event_key) do nothing
  returning event_key)
select string_agg(uuid_send(event_key), ''::bytea) as keys from stored`;

/**
 * Stores events by one statement and one commit; what is there already stays as it is.
 *
 * @param rows Of different keys.
 * @returns the keys of those that are new; null: all of them.
 */
export async function insertUsageEvents(em: Db, rows: readonly UsageRow[]): Promise<ReadonlySet<string> | null> {
  return insertBy((statement) => executePrepared(em, statement), rows);
}

async function insertBy(run: RunPrepared, rows: readonly UsageRow[]): Promise<ReadonlySet<string> | null> {
  if (rows.length === 0) return null;
  // Always in the same order: two batches with the same events would otherwise wait for each other for ever.
  const sorted = rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const events = sorted.map(({ event }) => event);
  const [stored] = await run<{ keys: Buffer | null }>({
    sql: insertSql,
    params: [
      uuidArray(sorted.map(({ key }) => key)),
      textArray(sorted.map(({ scope }) => scope.projectId)),
      booleanArray(sorted.map(({ scope }) => scope.live)),
      textArray(events.map(({ organizationId }) => organizationId)),
      textArray(events.map(({ eventId }) => eventId)),
      textArray(events.map(({ eventName }) => eventName)),
      textArray(events.map(({ quantity }) => quantity)),
      jsonbArray(events.map(({ properties }) => properties && JSON.stringify(properties))),
      textArray(events.map(({ corrects }) => corrects)),
      timestamptzArray(events.map(({ occurredAtMs }) => occurredAtMs)),
    ],
  });
  const keys = stored?.keys ?? Buffer.alloc(0);
  if (keys.length === 16 * rows.length) return null;
  const fresh = new Set<string>();
  for (let at = 0; at < keys.length; at += 16) fresh.add(keys.toString('hex', at, at + 16));
  return fresh;
}

/** A correction that cannot be: there is no such event, or it is a correction itself. */
export type CorrectionFault = 'unknown' | 'other_name' | 'is_correction';

export interface CorrectedResult {
  /** Of the events that are new now. */
  readonly fresh: ReadonlySet<string>;
  /** By key of the correction. These were not stored. */
  readonly faults: ReadonlyMap<string, CorrectionFault>;
}

/**
 * Stores events with corrections among them, in one transaction: first the events, then each correction beside the event
 * that it names, with the time of that event.
 *
 * @param rows Of different keys.
 */
export async function insertCorrectedEvents(em: Db, rows: readonly UsageRow[]): Promise<CorrectedResult> {
  const plain = rows.filter(({ event }) => event.corrects === null);
  const corrections = rows.flatMap((row) => {
    const { scope, event } = row;
    return event.corrects === null ? [] : [{ row, target: eventKey(scope, event.organizationId, event.corrects) }];
  });
  return transactPrepared(em, async (run) => {
    const freshPlain = await insertBy(run, plain);
    const targets = await readTargets(run, [...new Set(corrections.map(({ target }) => target))]);
    const faults = new Map<string, CorrectionFault>();
    const possible = corrections.flatMap(({ row, target }) => {
      const found = targets.get(target);
      const fault = faultOf(row, found);
      if (fault === null && found) return [{ ...row, event: { ...row.event, occurredAtMs: found.occurredAtMs } }];
      faults.set(row.key, fault ?? 'unknown');
      return [];
    });
    const freshCorrections = await insertBy(run, possible);
    const keys = (asked: readonly UsageRow[], fresh: ReadonlySet<string> | null) =>
      fresh ?? asked.map(({ key }) => key);
    return { fresh: new Set([...keys(plain, freshPlain), ...keys(possible, freshCorrections)]), faults };
  });
}

interface Target {
  readonly eventName: string;
  readonly isCorrection: boolean;
  readonly occurredAtMs: number;
}

function faultOf({ event }: UsageRow, target: Target | undefined): CorrectionFault | null {
  if (!target) return 'unknown';
  if (target.eventName !== event.eventName) return 'other_name';
  return target.isCorrection ? 'is_correction' : null;
}

/** Events never change, so what is read here holds for good. */
async function readTargets(run: RunPrepared, keys: readonly string[]): Promise<ReadonlyMap<string, Target>> {
  const rows = await run<{ key: string; event_name: string; is_correction: boolean; occurred_ms: string }>({
    sql: `select replace(event_key::text, '-', '') as key, event_name, corrects is not null as is_correction,
        (extract(epoch from occurred_at) * 1000)::bigint::text as occurred_ms
      from usage_events where event_key = any (?::uuid[])`,
    params: [uuidArray(keys)],
  });
  return new Map(
    rows.map((row) => [
      row.key,
      { eventName: row.event_name, isCorrection: row.is_correction, occurredAtMs: Number(row.occurred_ms) },
    ]),
  );
}

/** Which of these names some meter counts, archived ones included. */
export async function findEventNames(
  em: Db,
  { projectId, live }: UsageScope,
  names: readonly string[],
): Promise<readonly string[]> {
  const rows = await executePrepared<{ name: string }>(em, {
    sql: 'select distinct event_name as name from meters where project_id = ? and live = ? and event_name = any (?::text[])',
    params: [projectId, live, textArray(names)],
  });
  return rows.map(({ name }) => name);
}

/** Which of these organizations exist. */
export async function findOrganizationIds(
  em: Db,
  { projectId, live }: UsageScope,
  ids: readonly string[],
): Promise<readonly string[]> {
  const rows = await executePrepared<{ id: string }>(em, {
    sql: 'select id from organizations where project_id = ? and live = ? and id = any (?::text[])',
    params: [projectId, live, textArray(ids)],
  });
  return rows.map(({ id }) => id);
}
