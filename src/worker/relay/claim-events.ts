import type { Db } from '../../db/orm.ts';
import { executePrepared } from '../../db/prepared.ts';

/** An inbox row the relay has taken for a while. */
export interface ClaimedEvent {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly eventId: string;
  readonly type: string;
  readonly objectKind: string;
  readonly objectId: string;
  readonly checkoutId: string | null;
  readonly related: readonly { readonly kind: string; readonly id: string }[];
  readonly attempts: number;
  readonly receivedAt: Date;
}

/**
 * Takes the oldest waiting events for `leaseMs`; a relay that dies gives them back by itself. Events of one object
 * keep their order: one that waits or is taken elsewhere holds back those behind it.
 */
export async function claimEvents(
  em: Db,
  options: { limit: number; leaseMs: number },
): Promise<readonly ClaimedEvent[]> {
  return em.getConnection().execute<ClaimedEvent[]>(
    `with due as (
       select e.id from provider_events e
       where e.status = 'received' and e.next_attempt_at <= now()
         and (e.claimed_until is null or e.claimed_until < now())
         and not exists (
           select from provider_events o
           where o.status = 'received' and o.project_id = e.project_id and o.provider = e.provider
             and o.object_kind = e.object_kind and o.object_id = e.object_id and o.id < e.id
             and (o.next_attempt_at > now() or o.claimed_until > now()))
       order by e.id limit ? for update skip locked)
     update provider_events p
     set claimed_until = now() + make_interval(secs => ?), attempts = p.attempts + 1
     from due where p.id = due.id
     returning p.id, p.project_id as "projectId", p.live, p.provider, p.event_id as "eventId", p.type,
       p.object_kind as "objectKind", p.object_id as "objectId", p.checkout_id as "checkoutId", p.related,
       p.attempts, p.created_at as "receivedAt"`,
    [options.limit, options.leaseMs / 1000],
  );
}

/** What became of a claimed event. */
export type Outcome =
  | { readonly status: 'delivered'; readonly deliveredTo: string }
  | { readonly status: 'ignored' | 'set_aside'; readonly why: string }
  | { readonly status: 'received'; readonly why: string; readonly waitMs: number };

export interface EventOutcome {
  readonly id: string;
  readonly outcome: Outcome;
}

/** Writes what became of each event of a batch, in one statement. */
export async function recordOutcomes(em: Db, outcomes: readonly EventOutcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const column = <T>(pick: (outcome: Outcome) => T) => outcomes.map(({ outcome }) => pick(outcome));
  await executePrepared(em, {
    sql: `update provider_events event
      set status = became.status, delivered_to = became.delivered_to, last_error = became.why, claimed_until = null,
        updated_at = now(), next_attempt_at = now() + make_interval(secs => became.wait_s),
        settled_at = case when became.status = 'received' then null else now() end
      from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::float8[])
        as became (id, status, delivered_to, why, wait_s)
      where event.id = became.id`,
    params: [
      outcomes.map(({ id }) => id),
      column(({ status }) => status),
      column((outcome) => (outcome.status === 'delivered' ? outcome.deliveredTo : null)),
      column((outcome) => (outcome.status === 'delivered' ? null : outcome.why)),
      column((outcome) => (outcome.status === 'received' ? outcome.waitMs / 1000 : 0)),
    ],
  });
}
