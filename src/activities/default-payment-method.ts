import { PaymentMethodEntity } from '../db/entities/payment-method.ts';
import { callKey } from './call-key.ts';
import { chargeRenewalsTo } from './charge-renewals-to.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import {
  asSettledMethod,
  isRefusedForGood,
  keepDefault,
  keepRefusal,
  type PaymentMethodRef,
  type SettledPaymentMethod,
} from './keep-payment-method.ts';
import { accountOf } from './provider-account.ts';

/**
 * Makes a method the default at its provider and has the organization's renewals there charged to it. Safe to repeat.
 * A refusal is no error: the row says why, and is otherwise as it was.
 */
export function createDefaultPaymentMethod(deps: ActivityDeps) {
  return function defaultPaymentMethod({ projectId, live, id }: PaymentMethodRef): Promise<SettledPaymentMethod> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(PaymentMethodEntity, { id, projectId, live });
      const { provider, providerCustomerId, providerPaymentMethodId } = row;
      if (row.status !== 'active' || providerCustomerId === null || providerPaymentMethodId === null)
        return asSettledMethod(row);
      const { client } = await accountOf(deps, projectId, live, provider);
      try {
        await client.paymentMethods?.setDefault?.({
          ...{ providerCustomerId, providerPaymentMethodId },
          idempotencyKey: callKey({
            ...{ projectId, operation: 'paymentMethods.setDefault', businessId: row.id, provider },
            generation: row.version,
          }),
        });
        await chargeRenewalsTo(em, client, row, null);
      } catch (error) {
        if (isRefusedForGood(error)) return asSettledMethod(await keepRefusal(em, row, error));
        throw error;
      }
      return asSettledMethod(await keepDefault(em, row));
    });
  };
}
