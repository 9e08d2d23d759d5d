import type { PaymentMethod } from '../db/entities/payment-method.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { liveStatuses } from '../db/queries/subscriptions.ts';
import type { ProviderClient } from '../providers/port.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import { callKey } from './call-key.ts';

/**
 * Has a provider charge the organization's renewals to this method. Where the provider has no such call, its default
 * decides and nothing is done here. Safe to repeat.
 *
 * @param from Only subscriptions charged to this one of ours; null: all of the organization's there.
 * @throws {RowMoved} read again
 */
export async function chargeRenewalsTo(
  em: Db,
  client: ProviderClient,
  method: PaymentMethod,
  from: string | null,
): Promise<void> {
  const { projectId, live, organizationId, provider, providerPaymentMethodId } = method;
  const { subscriptions } = client;
  if (!subscriptions?.setPaymentMethod || providerPaymentMethodId === null) return;
  const rows = await em.fork().find(SubscriptionEntity, {
    ...{ projectId, live, organizationId, provider, collection: 'provider' },
    status: { $in: [...liveStatuses] },
    providerSubscriptionId: { $ne: null },
    ...(from === null ? {} : { paymentMethodId: from }),
  });
  for (const row of rows) {
    if (row.providerSubscriptionId === null || row.paymentMethodId === method.id) continue;
    const { providerSubscriptionId, providerCustomerId } = row;
    const operation = 'subscriptions.setPaymentMethod';
    const businessId = `${row.id}/${method.id}`;
    const truth = await subscriptions.setPaymentMethod({
      ...{ providerSubscriptionId, providerCustomerId, providerPaymentMethodId },
      idempotencyKey: callKey({ projectId, operation, businessId, provider, generation: row.version }),
    });
    const before = { payment_method_id: row.paymentMethodId };
    await applySubscriptionTruth(em.fork(), row, truth, {
      within: async (_tx, fresh) => {
        fresh.paymentMethodId = method.id;
        return [
          {
            ...{
              type: 'subscription.updated',
              cause: `${method.id}/${row.version}`,
              actor: `payment-method/${method.id}`,
            },
            ...{ detail: 'renewals are charged to another method', before, after: { payment_method_id: method.id } },
          },
        ];
      },
    });
  }
}
