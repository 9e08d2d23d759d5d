import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { ProviderCustomerEntity } from '../entities/organization.ts';
import { PaymentMethodEntity, type PaymentMethod } from '../entities/payment-method.ts';
import { SubscriptionEntity, type Subscription } from '../entities/subscription.ts';
import { insertStatement } from '../insert-statement.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import { liveStatuses, type Scope } from './subscriptions.ts';

export async function findPaymentMethod(em: Db, scope: Scope, id: string): Promise<PaymentMethod | null> {
  return em.findOne(PaymentMethodEntity, { projectId: scope.projectId, live: scope.live, id }, { refresh: true });
}

/** Newest first, one more than `limit`; those that were taken away or never came to be are left out. */
export async function listPaymentMethods(
  em: Db,
  scope: Scope,
  input: {
    readonly organizationIds: readonly string[] | null;
    readonly provider?: string;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly PaymentMethod[]> {
  return em.find(
    PaymentMethodEntity,
    {
      ...{ projectId: scope.projectId, live: scope.live },
      status: { $in: ['attaching', 'requires_action', 'active'] },
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.provider !== undefined && { provider: input.provider }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}

/** What an organization can be charged by; newest first. */
export async function listActiveMethods(
  em: Db,
  scope: Scope,
  organizationId: string,
): Promise<readonly PaymentMethod[]> {
  return em.find(
    PaymentMethodEntity,
    { projectId: scope.projectId, live: scope.live, organizationId, status: 'active' },
    { orderBy: { id: 'desc' } },
  );
}

export type NewPaymentMethod = Pick<
  PaymentMethod,
  | 'id'
  | 'projectId'
  | 'live'
  | 'organizationId'
  | 'provider'
  | 'token'
  | 'returnUrl'
  | 'billingAddress'
  | 'isDefault'
  | 'requestFingerprint'
>;

/**
 * Writes a method that is to be attached, with its audit entry.
 *
 * @returns false when the same id or the same request is there already: then nothing was written.
 */
export async function insertPaymentMethod(em: Db, row: NewPaymentMethod, actor: string): Promise<boolean> {
  const { projectId, live, provider } = row;
  try {
    await em.fork().transactional(async (tx) => {
      const now = new Date();
      const { sql, params } = insertStatement(tx, PaymentMethodEntity, {
        ...{ ...row, status: 'attaching', version: 1, createdAt: now, updatedAt: now },
      });
      await tx.execute(sql, [...params], 'run');
      recordAudit(tx, {
        ...{ projectId, live, actor, action: 'payment_method.requested' },
        ...{ entityKind: 'payment_method', entityId: row.id, detail: `to be attached at ${provider}` },
        after: { status: 'attaching', is_default: row.isDefault },
      });
    });
    return true;
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) return false;
    throw error;
  }
}

/** What the very same request made, unless it came to nothing. */
export async function findSameAttach(em: Db, scope: Scope, requestFingerprint: string): Promise<PaymentMethod | null> {
  return em.findOne(
    PaymentMethodEntity,
    {
      ...{ projectId: scope.projectId, live: scope.live, requestFingerprint },
      status: { $in: ['attaching', 'requires_action', 'active'] },
    },
    { refresh: true, orderBy: { id: 'desc' } },
  );
}

/**
 * A subscription that may be charged to this method: it names it, or leaves it to the provider, whose default this may
 * be. Where another method is the default, those fall back to that one.
 */
export async function findCharged(em: Db, row: PaymentMethod): Promise<Subscription | null> {
  const { projectId, live, organizationId, provider } = row;
  const heir = await em.findOne(PaymentMethodEntity, {
    ...{ projectId, live, organizationId, provider, status: 'active', isDefault: true },
    id: { $ne: row.id },
  });
  if (heir) return null;
  return em.findOne(SubscriptionEntity, {
    ...{ projectId, live, organizationId, provider, collection: 'provider' },
    status: { $in: ['incomplete', ...liveStatuses] },
    $or: [{ paymentMethodId: row.id }, { paymentMethodId: null }],
  });
}

/** Whether a provider knows the organization already. */
export async function isCustomerAt(em: Db, scope: Scope, organizationId: string, provider: string): Promise<boolean> {
  const key = { projectId: scope.projectId, live: scope.live, organizationId, provider };
  return (await em.count(ProviderCustomerEntity, key)) > 0;
}

/**
 * Providers at which the organization is a customer and whose stored methods nobody has asked for since then; each is
 * answered once, to whoever comes first.
 */
export async function claimStaleMethods(
  em: Db,
  scope: Scope,
  input: { readonly organizationId: string; readonly askedBefore: Date },
): Promise<readonly string[]> {
  const rows = await em.execute<{ provider: string }[]>(
    `update provider_customers set methods_asked_at = now()
     where project_id = ? and live = ? and organization_id = ?
       and (methods_asked_at is null or methods_asked_at <= ?::timestamptz)
     returning provider`,
    [scope.projectId, scope.live, input.organizationId, input.askedBefore.toISOString()],
  );
  return rows.map(({ provider }) => provider);
}
