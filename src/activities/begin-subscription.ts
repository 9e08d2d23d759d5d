import type { Checkout } from '../db/entities/checkout.ts';
import { SubscriptionEntity, type Subscription } from '../db/entities/payment.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { linkProviderObjects } from '../db/queries/provider-objects.ts';
import { BillingError } from '../domain/errors.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { subscriptionColumns } from './subscription-columns.ts';

/** A paid subscription checkout gives birth to the subscription, once: its checkout id is unique. */
export async function beginSubscription(
  tx: Db,
  checkout: Checkout,
  provider: string,
  truth: SubscriptionTruth,
): Promise<Subscription> {
  const { projectId, live, organizationId, userId, planId, priceId, billingInterval, amountMinor, currency } = checkout;
  if (!planId || !priceId || !billingInterval || amountMinor === null || currency === null) {
    throw new BillingError({
      code: 'checkout_without_plan',
      kind: 'bug',
      message: `${checkout.id} is paid as a subscription but sells no plan`,
    });
  }
  const row = tx.create(
    SubscriptionEntity,
    {
      amountMinor,
      currency,
      ...subscriptionColumns(truth),
      id: newId('sub'),
      projectId,
      live,
      organizationId,
      userId,
      planId,
      priceId,
      checkoutId: checkout.id,
      billingInterval,
      status: truth.status,
      provider,
      providerSubscriptionId: truth.providerSubscriptionId,
      metadata: checkout.metadata,
    },
    { persist: true },
  );
  recordAudit(tx, {
    projectId,
    live,
    actor: `checkout/${checkout.id}`,
    action: 'subscription.created',
    entityKind: 'subscription',
    entityId: row.id,
    detail: `${truth.status} at ${provider}`,
  });
  await tx.flush(); // foreign keys of the checkout, invoice and payment need the row
  await linkProviderObjects(tx, checkout, provider, { kind: 'subscription', id: row.id }, [
    { kind: 'subscription', id: truth.providerSubscriptionId },
  ]);
  return row;
}
