import { CheckoutEntity } from '../db/entities/checkout.ts';
import { ProviderObjectEntity } from '../db/entities/organization.ts';
import { DisputeEntity, InvoiceEntity, PaymentEntity, RefundEntity } from '../db/entities/payment.ts';
import type { ReconciliationDifference } from '../db/entities/reconciliation.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { runningCheckout, runningSubscription, type Nudge } from './row-workflow.ts';

/** What a difference belongs to, by our ids. */
export interface Sale {
  readonly checkoutId: string | null;
  readonly subscriptionId: string | null;
  /** Our payment, invoice, refund or dispute itself; null: it is the sale, or not here. */
  readonly paymentId: string | null;
}

const nothing: Sale = { checkoutId: null, subscriptionId: null, paymentId: null };

/** The checkout or subscription that a difference is about, by our row, else by what the provider's id belongs to. */
export async function findSale(em: Db, difference: ReconciliationDifference): Promise<Sale> {
  const { projectId, live, provider, entityKind, entityId: id, objectKind, objectId } = difference;
  const owner = { projectId, live };
  if (id !== null && entityKind !== null) return ofEntity(em, { ...owner, kind: entityKind, id });
  const link = await em.findOne(ProviderObjectEntity, {
    ...owner,
    provider,
    kind: objectKind,
    providerObjectId: objectId,
  });
  return link === null ? nothing : ofEntity(em, { ...owner, kind: link.entityKind, id: link.entityId });
}

/**
 * Which workflow can settle a difference. A sale may have two, its checkout and its subscription: each look asks the
 * other one. null: nothing of ours is behind it.
 */
export async function findTarget(
  em: Db,
  difference: ReconciliationDifference,
  sale: Sale,
  looks: number,
): Promise<Pick<Nudge, 'target' | 'mustRun'> | null> {
  const { projectId, live, provider } = difference;
  const { checkoutId, subscriptionId } = sale;
  const candidates = [
    ...(subscriptionId === null ? [] : [{ kind: 'subscription' as const, id: subscriptionId }]),
    ...(checkoutId === null ? [] : [{ kind: 'checkout' as const, id: checkoutId }]),
  ];
  const chosen = candidates[looks % Math.max(1, candidates.length)];
  if (chosen === undefined) return null;
  const found = await readRow(em, { projectId, live, ...chosen });
  if (found === null) return null;
  const { row, mustRun } = found;
  const { organizationId, country } = row;
  return {
    target: { ...chosen, projectId, live, organizationId, country, provider: row.provider ?? provider },
    mustRun,
  };
}

interface Named {
  readonly projectId: string;
  readonly live: boolean;
  readonly kind: string;
  readonly id: string;
}

async function readRow(em: Db, { kind, ...where }: Named) {
  if (kind === 'subscription') {
    const row = await em.findOne(SubscriptionEntity, where);
    return row && { row, mustRun: runningSubscription(row) };
  }
  const row = await em.findOne(CheckoutEntity, where);
  return row && { row, mustRun: runningCheckout(row) };
}

async function ofEntity(em: Db, { kind, ...where }: Named): Promise<Sale> {
  switch (kind) {
    case 'checkout': {
      const row = await em.findOne(CheckoutEntity, where);
      return row === null ? nothing : { ...nothing, checkoutId: row.id, subscriptionId: row.subscriptionId };
    }
    case 'subscription': {
      const row = await em.findOne(SubscriptionEntity, where);
      return row === null ? nothing : { ...nothing, checkoutId: row.checkoutId, subscriptionId: row.id };
    }
    case 'invoice': {
      const row = await em.findOne(InvoiceEntity, where);
      return row === null ? nothing : { ...nothing, checkoutId: row.checkoutId, subscriptionId: row.subscriptionId };
    }
    case 'payment':
      return ofPayment(em, where);
    case 'refund': {
      const row = await em.findOne(RefundEntity, where);
      return row === null ? nothing : ofPayment(em, { ...where, id: row.paymentId });
    }
    case 'dispute': {
      const row = await em.findOne(DisputeEntity, where);
      return row === null ? nothing : ofPayment(em, { ...where, id: row.paymentId });
    }
    default:
      return nothing;
  }
}

async function ofPayment(em: Db, where: Omit<Named, 'kind'>): Promise<Sale> {
  const row = await em.findOne(PaymentEntity, where);
  if (row === null) return nothing;
  return { checkoutId: row.checkoutId, subscriptionId: row.subscriptionId, paymentId: row.id };
}
