import { PaymentMethodEntity, type PaymentMethod } from '../db/entities/payment-method.ts';
import type { Db } from '../db/orm.ts';
import type { ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import { chargeRenewalsTo } from './charge-renewals-to.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import {
  asSettledMethod,
  isRefusedForGood,
  keepDetached,
  keepRefusal,
  type PaymentMethodRef,
  type SettledPaymentMethod,
} from './keep-payment-method.ts';
import { accountOf } from './provider-account.ts';

/**
 * Takes a stored method away. Subscriptions charged to it move to the default first, so that none is left without one.
 * Safe to repeat. A refusal is no error: the row says why, and is otherwise as it was.
 */
export function createDetachPaymentMethod(deps: ActivityDeps) {
  return function detachPaymentMethod({ projectId, live, id }: PaymentMethodRef): Promise<SettledPaymentMethod> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(PaymentMethodEntity, { id, projectId, live });
      if (row.status !== 'active' && row.status !== 'requires_action') return asSettledMethod(row);
      const { client } = await accountOf(deps, projectId, live, row.provider);
      try {
        await takeAway(em, client, row);
      } catch (error) {
        if (isRefusedForGood(error)) return asSettledMethod(await keepRefusal(em, row, error));
        throw error;
      }
      return asSettledMethod(await keepDetached(em, row));
    });
  };
}

async function takeAway(em: Db, client: ProviderClient, row: PaymentMethod): Promise<void> {
  const { projectId, live, organizationId, provider, providerCustomerId, providerPaymentMethodId } = row;
  if (providerCustomerId === null || providerPaymentMethodId === null) return;
  const heir = await em.fork().findOne(PaymentMethodEntity, {
    ...{ projectId, live, organizationId, provider, status: 'active', isDefault: true },
    id: { $ne: row.id },
  });
  if (heir) await chargeRenewalsTo(em, client, heir, row.id);
  await client.paymentMethods?.detach({
    ...{ providerCustomerId, providerPaymentMethodId },
    idempotencyKey: callKey({ projectId, operation: 'paymentMethods.detach', businessId: row.id, provider }),
  });
}
