import { createHash } from 'node:crypto';
import { auditEntry, type AuditInput } from '../db/queries/audit.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import type { EventType } from '../domain/events.ts';

export interface EventInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly type: EventType;
  /** `subscription`, `invoice` …, as in the type. */
  readonly objectKind: string;
  readonly objectId: string;
  /**
   * What made it happen, so that the same cause never tells it twice: a row's version, a period's start, a change's id.
   * null: this very change, of a row that has no version. A state that returns is told again; only what the object's last
   * event says already, in the very same words, is not.
   */
  readonly cause: string | number | null;
  /** The object as the API shows it: from `src/present`. */
  readonly data: object;
}

/**
 * Tells the app's endpoints, inside the caller's transaction: what is rolled back is never told, what is committed is.
 * The same cause again changes nothing. Call it after the rows it shows are flushed: their locks, and the one workflow
 * that looks after an object, put the events of an object into the order of their commits.
 */
export async function recordEvent(tx: Db, input: EventInput): Promise<void> {
  await recordEvents(tx, [input]);
}

/**
 * Several of one change, each of another type, in their order, and their entries in the audit log: all by one statement.
 */
export async function recordEvents(
  tx: Db,
  inputs: readonly EventInput[],
  audits: readonly AuditInput[] = [],
): Promise<void> {
  if (inputs.length + audits.length === 0) return;
  const rows = inputs.map((input, place) => ({
    ...{ place, id: idOf(input), project_id: input.projectId, live: input.live, organization_id: input.organizationId },
    ...{ type: input.type, object_kind: input.objectKind, object_id: input.objectId, data: input.data },
    has_cause: input.cause !== null,
  }));
  // One that queues behind another of its object is due with it: the relay need not look at it before.
  await tx.execute(
    `with news as (
       select * from jsonb_to_recordset(?::jsonb) as news (place int, id text, project_id text, live boolean,
         organization_id text, type text, object_kind text, object_id text, data jsonb, has_cause boolean)),
     audited as (
       insert into audit_log (id, at, actor, action, entity_kind, entity_id, detail, before, after, project_id, live)
       select * from jsonb_to_recordset(?::jsonb) as entry (id text, at timestamptz, actor text, action text,
         "entityKind" text, "entityId" text, detail text, before jsonb, after jsonb, "projectId" text, live boolean)),
     told as (
       insert into outbound_events (id, project_id, live, organization_id, type, object_kind, object_id, data)
       select id, project_id, live, organization_id, type, object_kind, object_id, data from news
       where has_cause or not exists (
         select from (select type, data from outbound_events before
           where before.project_id = news.project_id and before.object_id = news.object_id
           order by sequence desc limit 1) last
         where last.type = news.type and last.data = news.data)
       order by place
       on conflict (id) do nothing
       returning id, sequence, object_id, project_id, live, type)
     insert into outbound_deliveries (event_id, endpoint_id, sequence, object_id, status, next_attempt_at)
     select told.id, endpoint.id, told.sequence, told.object_id, 'waiting', greatest(now(), (
       select max(ahead.next_attempt_at) from outbound_deliveries ahead
       where ahead.endpoint_id = endpoint.id and ahead.object_id = told.object_id and ahead.status = 'waiting'))
     from told join outbound_endpoints endpoint on endpoint.project_id = told.project_id and endpoint.live = told.live
       and endpoint.status = 'enabled'
       and (endpoint.event_types = '{}' or told.type = any (endpoint.event_types))`,
    [JSON.stringify(rows), JSON.stringify(audits.map(auditEntry))],
    'run',
  );
}

function idOf({ projectId, type, objectId, cause }: EventInput): string {
  if (cause === null) return newId('evt');
  return `evt_${createHash('sha256').update(`${projectId}|${type}|${objectId}|${cause}`).digest('hex').slice(0, 32)}`;
}
