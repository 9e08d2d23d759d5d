import { testEventType, type ToldEventType } from '../../domain/events.ts';
import {
  OutboundDeliveryEntity,
  OutboundEventEntity,
  type OutboundDelivery,
  type OutboundEvent,
} from '../entities/outbound.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export async function findOutboundEvent(em: Db, scope: Scope, id: string): Promise<OutboundEvent | null> {
  return em.findOne(OutboundEventEntity, { projectId: scope.projectId, live: scope.live, id });
}

export interface EventFilter {
  readonly type?: ToldEventType;
  readonly objectKind?: string;
  readonly objectId?: string;
  readonly organizationId?: string;
}

/** Newest first, one more than `limit`. @param query.before A sequence. */
export async function listOutboundEvents(
  em: Db,
  scope: Scope,
  filter: EventFilter,
  query: { readonly before: number | null; readonly limit: number },
): Promise<readonly OutboundEvent[]> {
  const { projectId, live } = scope;
  return em.find(
    OutboundEventEntity,
    { projectId, live, ...filter, ...(query.before !== null && { sequence: { $lt: query.before } }) },
    { orderBy: { sequence: 'desc' }, limit: query.limit + 1 },
  );
}

/** In the order in which its endpoints were made. */
export async function listDeliveriesOfEvent(em: Db, eventId: string): Promise<readonly OutboundDelivery[]> {
  return em.find(OutboundDeliveryEntity, { eventId }, { orderBy: { endpointId: 'asc' }, refresh: true });
}

/** Newest first, one more than `limit`. @param query.before A sequence. */
export async function listDeliveriesOfEndpoint(
  em: Db,
  endpointId: string,
  query: {
    readonly status?: OutboundDelivery['status'];
    readonly before: number | null;
    readonly limit: number;
  },
): Promise<readonly OutboundDelivery[]> {
  const { status, before, limit } = query;
  return em.find(
    OutboundDeliveryEntity,
    { endpointId, ...(status !== undefined && { status }), ...(before !== null && { sequence: { $lt: before } }) },
    { orderBy: { sequence: 'desc' }, limit: limit + 1 },
  );
}

/** A row that a relay is at stays as it is: its outcome is about to come. */
const again = `on conflict (event_id, endpoint_id) do update
  set status = 'waiting', next_attempt_at = now(), claimed_until = null, response_status = null, last_error = null,
    delivered_at = null, updated_at = now(),
    attempts = case when outbound_deliveries.status = 'waiting' then outbound_deliveries.attempts else 0 end
  where outbound_deliveries.claimed_until is null or outbound_deliveries.claimed_until < now()`;

/**
 * Sends an event once more, under its own id and in its own place among those of its object.
 *
 * @param endpointId null: to every enabled endpoint that listens to its type.
 * @returns to how many endpoints.
 */
export async function queueEventAgain(tx: Db, event: OutboundEvent, endpointId: string | null): Promise<number> {
  const rows = await tx.execute<object[]>(
    `insert into outbound_deliveries (event_id, endpoint_id, sequence, object_id, status)
     select v.id, e.id, v.sequence, v.object_id, 'waiting'
     from outbound_events v join outbound_endpoints e on e.project_id = v.project_id and e.live = v.live
     where v.id = ? and e.status = 'enabled'
       and (e.id = ? or (?::text is null and (e.event_types = '{}' or v.type = any (e.event_types))))
     ${again} returning 1`,
    [event.id, endpointId, endpointId],
  );
  await wakeRelay(tx);
  return rows.length;
}

/**
 * Sends an endpoint everything since an instant that it has not taken: what failed, was canceled, still waits, or was
 * never queued because the endpoint was disabled.
 *
 * @returns how many events.
 */
export async function queueMissedEvents(
  tx: Db,
  scope: Scope & { readonly endpointId: string },
  since: Date,
): Promise<number> {
  const rows = await tx.execute<object[]>(
    `insert into outbound_deliveries (event_id, endpoint_id, sequence, object_id, status)
     select v.id, e.id, v.sequence, v.object_id, 'waiting'
     from outbound_endpoints e join outbound_events v on v.project_id = e.project_id and v.live = e.live
     where e.id = ? and e.project_id = ? and e.live = ? and v.occurred_at >= ? and v.type <> ?
       and (e.event_types = '{}' or v.type = any (e.event_types))
       and not exists (select from outbound_deliveries d
         where d.event_id = v.id and d.endpoint_id = e.id and d.status = 'delivered')
     ${again} returning 1`,
    [scope.endpointId, scope.projectId, scope.live, since, testEventType],
  );
  await wakeRelay(tx);
  return rows.length;
}

/** Tells an endpoint of itself, by the way that every event takes. @param id Of the new event. */
export async function queueTestEvent(
  tx: Db,
  endpoint: Scope & { readonly id: string },
  id: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { projectId, live, id: endpointId } = endpoint;
  await tx.execute(
    `with told as (
       insert into outbound_events (id, project_id, live, type, object_kind, object_id, data)
       values (?, ?, ?, ?, 'webhook_endpoint', ?, ?::jsonb) returning id, sequence, object_id)
     insert into outbound_deliveries (event_id, endpoint_id, sequence, object_id, status)
     select id, object_id, sequence, object_id, 'waiting' from told`,
    [id, projectId, live, testEventType, endpointId, JSON.stringify(data)],
    'run',
  );
}

/** New rows wake it by themselves; these are old ones again. */
async function wakeRelay(tx: Db): Promise<void> {
  await tx.execute(`select pg_notify('outbound_deliveries', '')`, [], 'run');
}
