import { CheckoutEntity } from '../../db/entities/checkout.ts';
import { ProviderObjectEntity } from '../../db/entities/organization.ts';
import { InvoiceEntity, PaymentEntity } from '../../db/entities/payment.ts';
import { SubscriptionEntity } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { ourSubscription } from '../../providers/port.ts';
import { strayWorkflowId } from '../../domain/checkout/stray.ts';
import { checkoutWorkflowId, subscriptionWorkflowId } from '../../workflows/messages.ts';
import type { ClaimedEvent } from './claim-events.ts';

/** The entity an event is about, and the workflow that must hear of it. */
export interface Target {
  /** `stray`: a session of the checkout at another provider than the one it stands for. */
  readonly kind: 'checkout' | 'subscription' | 'stray';
  readonly id: string;
  readonly workflowId: string;
  readonly organizationId: string;
  readonly country: string | null;
  /** Its workflow may not have been started yet: wait for it instead of taking it for ended. */
  readonly isStarting: boolean;
}

/**
 * Finds whom an event concerns: the object itself, then the ids it mentions (a subscription before its checkout), then
 * our own id in its metadata, then payments and invoices of ours that it mentions (a renewal's refund or dispute).
 * A checkout's event of another provider than it stands with is about a stray session there.
 * null: nothing of ours, or nothing of ours yet.
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
  if (checkoutId !== null) return checkoutTarget(em, event, checkoutId);
  return (await moneyTarget(em, event, named)) ?? ownTarget(em, event);
}

/** What a provider began that was left, or whose answer was lost, carries nothing yet but our own id. */
async function ownTarget(em: Db, { projectId, live, related }: ClaimedEvent): Promise<Target | null> {
  const own = related.find(({ kind }) => kind === ourSubscription);
  const row = own && (await em.findOne(SubscriptionEntity, { id: own.id, projectId, live }));
  return row ? subscriptionTarget(em, row.id) : null;
}

async function moneyTarget(
  em: Db,
  event: ClaimedEvent,
  named: readonly { readonly id: string }[],
): Promise<Target | null> {
  const { projectId, live, provider } = event;
  const ids = named.map(({ id }) => id);
  const row =
    (await em.findOne(PaymentEntity, { projectId, live, provider, providerPaymentId: { $in: ids } })) ??
    (await em.findOne(InvoiceEntity, { projectId, live, provider, providerInvoiceId: { $in: ids } }));
  if (row?.subscriptionId) return subscriptionTarget(em, row.subscriptionId);
  return row?.checkoutId ? checkoutTarget(em, event, row.checkoutId) : null;
}

async function checkoutTarget(em: Db, event: ClaimedEvent, checkoutId: string): Promise<Target | null> {
  const row = await em.findOne(CheckoutEntity, { id: checkoutId, projectId: event.projectId, live: event.live });
  if (row === null) return null;
  const isStray = row.status !== 'creating' && row.provider !== event.provider;
  return {
    kind: isStray ? 'stray' : 'checkout',
    id: row.id,
    workflowId: isStray ? strayWorkflowId(row.id, event.provider) : checkoutWorkflowId(row.id),
    organizationId: row.organizationId,
    country: row.country,
    isStarting: row.status === 'creating',
  };
}

async function subscriptionTarget(em: Db, subscriptionId: string): Promise<Target | null> {
  const row = await em.findOne(SubscriptionEntity, { id: subscriptionId });
  if (row === null) return null;
  const isYoung = Date.now() - row.createdAt.getTime() < 60_000;
  return {
    kind: 'subscription',
    id: row.id,
    workflowId: subscriptionWorkflowId(row.id),
    organizationId: row.organizationId,
    country: row.country,
    isStarting: isYoung,
  };
}
