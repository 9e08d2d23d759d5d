import { recordAudit } from '../../db/queries/audit.ts';
import { disableEndpoint } from '../../db/queries/outbound-endpoints.ts';
import type { Db } from '../../db/orm.ts';
import { disableAfterMs, retryGapMs } from '../../domain/outbound/retry-schedule.ts';
import type { ClaimedDelivery } from './claim-deliveries.ts';
import type { Attempt } from './send-event.ts';

/** What follows from an attempt. */
export interface Consequence {
  /** null: it is not tried again. */
  readonly retryInMs: number | null;
  /** Why the endpoint gets nothing more; null: it does. */
  readonly disabledFor: string | null;
}

const actor = 'relay';

/**
 * Writes what became of a claimed delivery, unless its lease ran out and another has taken it since. Those behind it of
 * the same object become due, or wait as long as it does.
 */
export async function recordAttempt(em: Db, delivery: ClaimedDelivery, attempt: Attempt): Promise<Consequence> {
  if (attempt.outcome === 'delivered') {
    await recordSuccess(em, delivery, attempt.status);
    return { retryInMs: null, disabledFor: null };
  }
  const retryInMs = attempt.outcome === 'gone' ? null : retryGapMs(delivery.attempts, Math.random());
  const failingSince = await recordFailure(em, delivery, attempt, retryInMs);
  const disabledFor = failingSince === null ? null : reasonToDisable(attempt, failingSince);
  if (disabledFor !== null) await disable(em, delivery, disabledFor);
  return { retryInMs, disabledFor };
}

/** For a fault of our own, which says nothing about the endpoint: the attempt does not count. */
export async function postpone(em: Db, delivery: ClaimedDelivery, waitMs: number): Promise<void> {
  await em.getConnection().execute(
    `update outbound_deliveries
     set claimed_until = null, attempts = attempts - 1, next_attempt_at = now() + make_interval(secs => ?)
     where event_id = ? and endpoint_id = ? and claimed_until = ?::timestamptz`,
    [waitMs / 1000, delivery.event.id, delivery.endpoint.id, delivery.claim],
  );
}

/** One that was canceled while it was under way has arrived all the same. */
async function recordSuccess(em: Db, delivery: ClaimedDelivery, status: number): Promise<void> {
  await em.getConnection().execute(
    `with done as (
       update outbound_deliveries
       set status = 'delivered', delivered_at = now(), response_status = ?, last_error = null, claimed_until = null,
         updated_at = now()
       where event_id = ? and endpoint_id = ? and claimed_until = ?::timestamptz and status in ('waiting', 'canceled')
       returning endpoint_id, object_id, sequence),
     behind as (
       update outbound_deliveries d set next_attempt_at = now() from done
       where d.endpoint_id = done.endpoint_id and d.object_id = done.object_id and d.sequence > done.sequence
         and d.status = 'waiting' and d.next_attempt_at > now())
     update outbound_endpoints e set failing_since = null, updated_at = now() from done
     where e.id = done.endpoint_id and e.failing_since is not null`,
    [status, delivery.event.id, delivery.endpoint.id, delivery.claim],
  );
}

/** @returns since when the endpoint has had no success; null: the outcome no longer counts. */
async function recordFailure(
  em: Db,
  delivery: ClaimedDelivery,
  attempt: Exclude<Attempt, { outcome: 'delivered' }>,
  retryInMs: number | null,
): Promise<Date | null> {
  const waitSeconds = (retryInMs ?? 0) / 1000;
  const rows = await em.getConnection().execute<{ since: Date }[]>(
    `with done as (
       update outbound_deliveries
       set status = ?, next_attempt_at = now() + make_interval(secs => ?), response_status = ?, last_error = ?,
         claimed_until = null, updated_at = now()
       where event_id = ? and endpoint_id = ? and claimed_until = ?::timestamptz and status = 'waiting'
       returning endpoint_id, object_id, sequence, next_attempt_at),
     behind as (
       update outbound_deliveries d set next_attempt_at = done.next_attempt_at from done
       where d.endpoint_id = done.endpoint_id and d.object_id = done.object_id and d.sequence > done.sequence
         and d.status = 'waiting')
     update outbound_endpoints e set failing_since = coalesce(e.failing_since, now()), updated_at = now() from done
     where e.id = done.endpoint_id returning e.failing_since as since`,
    [
      ...[retryInMs === null ? 'failed' : 'waiting', waitSeconds, attempt.status, attempt.why],
      ...[delivery.event.id, delivery.endpoint.id, delivery.claim],
    ],
  );
  const [row] = rows;
  return row ? new Date(row.since) : null;
}

function reasonToDisable(attempt: Attempt, failingSince: Date): string | null {
  if (attempt.outcome === 'gone') return 'It answered 410 Gone.';
  if (Date.now() - failingSince.getTime() < disableAfterMs) return null;
  return `Every attempt since ${failingSince.toISOString()} has failed.`;
}

async function disable(em: Db, { endpoint }: ClaimedDelivery, reason: string): Promise<void> {
  const { id, projectId, live } = endpoint;
  await em.transactional(async (tx) => {
    if (!(await disableEndpoint(tx, id, reason))) return;
    recordAudit(tx, {
      ...{ projectId, live, actor, action: 'webhook_endpoint.disabled' },
      ...{ entityKind: 'webhook_endpoint', entityId: id, detail: reason },
      ...{ before: { status: 'enabled' }, after: { status: 'disabled', disabled_reason: reason } },
    });
  });
}
