import { CheckoutEntity } from '../../db/entities/checkout.ts';
import { ProviderObjectEntity } from '../../db/entities/organization.ts';
import { SubscriptionEntity } from '../../db/entities/payment.ts';
import type { Db } from '../../db/orm.ts';
import { checkoutWorkflowId, subscriptionWorkflowId } from '../../workflows/messages.ts';
import type { ClaimedEvent } from './claim-events.ts';

/** The entity an event is about, and the workflow that must hear of it. */
export interface Target {
  readonly kind: 'checkout' | 'subscription';
  readonly id: string;
  readonly workflowId: string;
  readonly organizationId: string;
  readonly country: string | null;
  /** Its workflow may not have been started yet: wait for it instead of taking it for ended. */
  readonly isStarting: boolean;
}

/**
 * Finds whom an event concerns: the object itself, then the ids it mentions (a subscription before its checkout), then
 * our own id in its metadata. null: nothing of ours, or nothing of ours yet.
 */
export async function findTarget(em: Db, event: ClaimedEvent): Promise<Target | null> {
  const named = [{ kind: event.objectKind, id: event.objectId }, ...event.related];
  const known = await em.find(ProviderObjectEntity, {
    projectId: event.projectId,
    live: event.live,
    provider: event.provider,
    $or: named.map(({ kind, id }) => ({ kind, providerObjectId: id })),
  });
  const subscription = known.find(({ entityKind }) => entityKind === 'subscription');
  if (subscription) return subscriptionTarget(em, subscription.entityId);
  const mentioned = named
    .map(({ kind, id }) => known.find((row) => row.kind === kind && row.providerObjectId === id))
    .find((row) => row !== undefined);
  const checkoutId = mentioned?.entityId ?? event.checkoutId;
  return checkoutId === null ? null : checkoutTarget(em, event, checkoutId);
}

async function checkoutTarget(em: Db, event: ClaimedEvent, checkoutId: string): Promise<Target | null> {
  const row = await em.findOne(CheckoutEntity, { id: checkoutId, projectId: event.projectId, live: event.live });
  if (row === null) return null;
  return {
    kind: 'checkout',
    id: row.id,
    workflowId: checkoutWorkflowId(row.id),
    organizationId: row.organizationId,
    country: row.country,
    isStarting: row.status === 'creating',
  };
}

async function subscriptionTarget(em: Db, subscriptionId: string): Promise<Target | null> {
  const row = await em.findOne(SubscriptionEntity, { id: subscriptionId });
  if (row === null) return null;
  const { country } = await em.findOneOrFail(CheckoutEntity, { id: row.checkoutId });
  const isYoung = Date.now() - row.createdAt.getTime() < 60_000;
  return {
    kind: 'subscription',
    id: row.id,
    workflowId: subscriptionWorkflowId(row.id),
    organizationId: row.organizationId,
    country,
    isStarting: isYoung,
  };
}
