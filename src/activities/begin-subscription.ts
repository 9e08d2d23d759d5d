import type { Checkout } from '../db/entities/checkout.ts';
import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { linkProviderObjects } from '../db/queries/provider-objects.ts';
import { BillingError } from '../domain/errors.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { noteLateMove } from './migrate/note-late-move.ts';
import { noteSubscription } from './note-subscription.ts';
import { subscriptionColumns, unwrittenLife } from './subscription-columns.ts';

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
      ...unwrittenLife,
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
      country: checkout.country,
      collection: 'provider',
      metadata: checkout.metadata,
    },
    { persist: true },
  );
  await tx.flush(); // foreign keys of the checkout, invoice and payment need the row
  await linkProviderObjects(tx, checkout, provider, { kind: 'subscription', id: row.id }, [
    { kind: 'subscription', id: truth.providerSubscriptionId },
  ]);
  await noteSubscription(tx, row, [
    {
      ...{ type: 'subscription.created', cause: 'begun', actor: `checkout/${checkout.id}` },
      detail: `${truth.status} at ${provider}`,
      after: { status: truth.status },
    },
  ]);
  await noteLateMove(tx, checkout, row);
  return row;
}
