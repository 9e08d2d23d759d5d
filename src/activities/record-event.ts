import { createHash } from 'node:crypto';
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
  /** What made it happen, so that the same cause never tells it twice: a row's version, a period's start, a change's id. */
  readonly cause: string | number;
  /** The object as the API shows it: from `src/present`. */
  readonly data: object;
}

/**
 * Tells the app's endpoints, inside the caller's transaction: what is rolled back is never told, what is committed is.
 * The same cause again changes nothing. Call it after the rows it shows are flushed: their locks, and the one workflow
 * that looks after an object, put the events of an object into the order of their commits.
 */
export async function recordEvent(tx: Db, input: EventInput): Promise<void> {
  const { projectId, live, organizationId, type, objectKind, objectId } = input;
  const cause = createHash('sha256').update(`${projectId}|${type}|${objectId}|${input.cause}`).digest('hex');
  const id = `evt_${cause.slice(0, 32)}`;
  // One that queues behind another of its object is due with it: the relay need not look at it before.
  await tx.execute(
    `with told as (
       insert into outbound_events (id, project_id, live, organization_id, type, object_kind, object_id, data)
       values (?, ?, ?, ?, ?, ?, ?, ?::jsonb) on conflict (id) do nothing
       returning id, sequence, object_id)
     insert into outbound_deliveries (event_id, endpoint_id, sequence, object_id, status, next_attempt_at)
     select told.id, endpoint.id, told.sequence, told.object_id, 'waiting', greatest(now(), (
       select max(ahead.next_attempt_at) from outbound_deliveries ahead
       where ahead.endpoint_id = endpoint.id and ahead.object_id = told.object_id and ahead.status = 'waiting'))
     from told join outbound_endpoints endpoint on endpoint.project_id = ? and endpoint.live = ?
       and endpoint.status = 'enabled'
       and (endpoint.event_types = '{}' or ? = any (endpoint.event_types))`,
    [
      ...[id, projectId, live, organizationId, type, objectKind, objectId, JSON.stringify(input.data)],
      ...[projectId, live, type],
    ],
    'run',
  );
}
