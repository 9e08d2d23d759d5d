import { LockMode } from '@mikro-orm/core';
import { OutboundEndpointEntity, type OutboundEndpoint } from '../entities/outbound.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** Written when `em` is flushed. */
export function addEndpoint(
  em: Db,
  input: Pick<OutboundEndpoint, 'id' | 'projectId' | 'live' | 'url' | 'description' | 'eventTypes' | 'secrets'>,
): OutboundEndpoint {
  const fresh = { status: 'enabled', disabledReason: null, failingSince: null, deletedAt: null } as const;
  return em.create(OutboundEndpointEntity, { ...input, ...fresh }, { persist: true });
}

/** With its sealed secrets. */
export async function findEndpoint(em: Db, scope: Scope, id: string): Promise<OutboundEndpoint | null> {
  const { projectId, live } = scope;
  return em.findOne(OutboundEndpointEntity, { projectId, live, id, deletedAt: null }, { populate: ['secrets'] });
}

/** For a change that builds on what is there: two at once come one after the other. */
export async function lockEndpoint(tx: Db, id: string): Promise<OutboundEndpoint> {
  return tx.findOneOrFail(
    OutboundEndpointEntity,
    { id },
    { populate: ['secrets'], refresh: true, lockMode: LockMode.PESSIMISTIC_WRITE },
  );
}

/** Newest first, one more than `limit`. */
export async function listEndpoints(
  em: Db,
  scope: Scope,
  query: { readonly before: string | null; readonly limit: number },
): Promise<readonly OutboundEndpoint[]> {
  const { projectId, live } = scope;
  return em.find(
    OutboundEndpointEntity,
    { projectId, live, deletedAt: null, ...(query.before !== null && { id: { $lt: query.before } }) },
    { orderBy: { id: 'desc' }, limit: query.limit + 1 },
  );
}

export async function countEndpoints(em: Db, scope: Scope): Promise<number> {
  return em.count(OutboundEndpointEntity, { projectId: scope.projectId, live: scope.live, deletedAt: null });
}

/**
 * Sends an endpoint nothing more: what still waits for it is canceled. Deliveries are locked in their order and before
 * the endpoint, as the relay does when it writes an outcome.
 *
 * @param reason A sentence for the project's operators.
 * @returns false: it was disabled already.
 */
export async function disableEndpoint(tx: Db, id: string, reason: string): Promise<boolean> {
  await tx.execute(
    `update outbound_deliveries d set status = 'canceled', updated_at = now()
     from (select event_id from outbound_deliveries where endpoint_id = ? and status = 'waiting'
           order by sequence for update) waiting
     where d.event_id = waiting.event_id and d.endpoint_id = ?`,
    [id, id],
    'run',
  );
  const { affectedRows } = await tx.execute<{ affectedRows: number }>(
    `update outbound_endpoints set status = 'disabled', disabled_reason = ?, updated_at = now()
     where id = ? and status = 'enabled'`,
    [reason, id],
    'run',
  );
  return affectedRows > 0;
}
