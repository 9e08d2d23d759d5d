import type { Db } from '../../db/orm.ts';
import type { ToldEvent } from '../../domain/outbound/envelope.ts';

/** A delivery that this relay has taken for a while, with all that sending it needs. */
export interface ClaimedDelivery {
  readonly event: ToldEvent;
  readonly endpoint: {
    readonly id: string;
    readonly projectId: string;
    readonly live: boolean;
    readonly url: string;
    /** Sealed. */
    readonly secrets: Buffer;
  };
  /** This one included. */
  readonly attempts: number;
  /** Whoever took it later has another: its outcome counts, ours no longer does. */
  readonly claim: string;
}

export interface ClaimOptions {
  readonly limit: number;
  readonly leaseMs: number;
  readonly perEndpoint: number;
  /** For one that has failed since its last success: it may not take the room of those that answer. */
  readonly perFailingEndpoint: number;
  /** How many deliveries of each endpoint this relay is at. */
  readonly busy: ReadonlyMap<string, number>;
}

interface ClaimedRow extends Omit<ToldEvent, 'id'> {
  readonly eventId: string;
  readonly endpointId: string;
  readonly url: string;
  readonly secrets: Buffer;
  readonly attempts: number;
  readonly claim: string;
}

/**
 * Takes due deliveries for `leaseMs`; a relay that dies gives them back by itself. Of one object only the oldest that
 * still waits goes to an endpoint: those behind it wait, in flight or not. Each endpoint gets one turn before any gets
 * two, and none more than its limit. (The oldest is asked for as a scalar, which the planner leaves one index probe per
 * row; as an anti-join it may read the whole backlog for each.)
 */
export async function claimDeliveries(em: Db, options: ClaimOptions): Promise<readonly ClaimedDelivery[]> {
  const rows = await em.getConnection().execute<ClaimedRow[]>(
    `with busy as (select * from unnest(?::text[], ?::integer[]) as b (endpoint_id, taken)),
     lane as (
       select e.id, (case when e.failing_since is null then ? else ? end) - coalesce(busy.taken, 0) as room
       from outbound_endpoints e left join busy on busy.endpoint_id = e.id
       where e.status = 'enabled'),
     ready as (
       select head.*, row_number() over (partition by head.endpoint_id order by head.sequence) as turn
       from lane cross join lateral (
         select d.event_id, d.endpoint_id, d.sequence from outbound_deliveries d
         where d.endpoint_id = lane.id and d.status = 'waiting' and d.next_attempt_at <= now()
           and (d.claimed_until is null or d.claimed_until < now())
           and d.sequence = (
             select ahead.sequence from outbound_deliveries ahead
             where ahead.endpoint_id = d.endpoint_id and ahead.object_id = d.object_id and ahead.status = 'waiting'
             order by ahead.sequence limit 1)
         order by d.next_attempt_at, d.sequence limit greatest(lane.room, 0) for update skip locked) head),
     due as (select * from ready order by turn, sequence limit ?)
     update outbound_deliveries d
     set claimed_until = clock_timestamp() + make_interval(secs => ?), attempts = d.attempts + 1, updated_at = now()
     from due join outbound_events v on v.id = due.event_id join outbound_endpoints e on e.id = due.endpoint_id
     where d.event_id = due.event_id and d.endpoint_id = due.endpoint_id
     returning v.id as "eventId", v.type, v.occurred_at as "occurredAt", v.project_id as "projectId", v.live,
       v.organization_id as "organizationId", v.data, e.id as "endpointId", e.url, e.secrets, d.attempts,
       d.claimed_until::text as claim`,
    [
      ...[`{${[...options.busy.keys()].join(',')}}`, `{${[...options.busy.values()].join(',')}}`],
      ...[options.perEndpoint, options.perFailingEndpoint, options.limit, options.leaseMs / 1000],
    ],
  );
  return rows.map(toClaimed);
}

function toClaimed(row: ClaimedRow): ClaimedDelivery {
  const { eventId, endpointId, url, secrets, attempts, claim, projectId, live } = row;
  const { type, organizationId, data } = row;
  return {
    event: { id: eventId, type, occurredAt: new Date(row.occurredAt), projectId, live, organizationId, data },
    endpoint: { id: endpointId, projectId, live, url, secrets },
    attempts,
    claim,
  };
}
