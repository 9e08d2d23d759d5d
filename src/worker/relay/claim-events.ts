import type { Db } from '../../db/orm.ts';

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

/** Writes the same outcome for several events at once. */
export async function recordOutcome(em: Db, ids: readonly string[], outcome: Outcome): Promise<void> {
  if (ids.length === 0) return;
  const waitMs = outcome.status === 'received' ? outcome.waitMs : 0;
  await em.getConnection().execute(
    `update provider_events
     set status = ?, delivered_to = ?, last_error = ?, claimed_until = null, updated_at = now(),
       next_attempt_at = now() + make_interval(secs => ?),
       settled_at = case when ? = 'received' then null else now() end
     where id in (${ids.map(() => '?').join(', ')})`,
    [
      outcome.status,
      outcome.status === 'delivered' ? outcome.deliveredTo : null,
      outcome.status === 'delivered' ? null : outcome.why,
      waitMs / 1000,
      outcome.status,
      ...ids,
    ],
  );
}
