import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { noteCheckout } from './note-checkout.ts';
import { noteSubscription } from './note-subscription.ts';
import { recordOrder } from './record-order.ts';
import { unwrittenLife } from './subscription-columns.ts';

/** Nothing is due: the checkout is paid without a provider, and a free plan's subscription begins. */
export function activateFreeCheckout(em: Db, row: Checkout): Promise<Checkout> {
  return em.transactional(async (tx) => {
    const fresh = await tx.findOneOrFail(CheckoutEntity, { id: row.id });
    if (fresh.status !== 'creating') return fresh;
    fresh.status = 'paid';
    fresh.checkoutUrl = fresh.successUrl;
    const { projectId, live, organizationId, userId, planId, priceId, billingInterval, quantity } = fresh;
    recordAudit(tx, {
      projectId,
      live,
      actor: `checkout/${fresh.id}`,
      action: 'checkout.paid',
      entityKind: 'checkout',
      entityId: fresh.id,
      detail: 'nothing was due',
      before: { status: 'creating' },
      after: { status: 'paid' },
    });
    if (fresh.mode !== 'subscription' || !planId || !priceId || !billingInterval) {
      await recordOrder(tx, fresh, { payment: null, invoice: null });
      await noteCheckout(tx, fresh);
      return fresh;
    }
    const subscription = tx.create(
      SubscriptionEntity,
      {
        ...unwrittenLife,
        id: newId('sub'),
        projectId,
        live,
        organizationId,
        userId,
        planId,
        priceId,
        checkoutId: fresh.id,
        status: 'active',
        billingInterval,
        quantity,
        country: fresh.country,
        provider: null,
        collection: 'none',
        amountMinor: 0,
        currency: fresh.currency ?? 'USD',
        currentPeriodStart: new Date(),
        metadata: fresh.metadata,
      },
      { persist: true },
    );
    await tx.flush(); // the checkout's foreign key needs the row
    fresh.subscriptionId = subscription.id;
    const actor = `checkout/${fresh.id}`;
    await noteSubscription(tx, subscription, [
      { type: 'subscription.created', cause: 'begun', actor, detail: 'a free plan', after: { status: 'active' } },
    ]);
    await noteCheckout(tx, fresh);
    return fresh;
  });
}
