import { PaymentMethodEntity } from '../db/entities/payment-method.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import {
  asSettledMethod,
  keepActive,
  keepFailed,
  type PaymentMethodRef,
  type SettledPaymentMethod,
} from './keep-payment-method.ts';
import { accountOf } from './provider-account.ts';

/**
 * Looks whether the customer has confirmed a method that their bank asked about: only then the provider has it.
 *
 * @param input.isLast Nobody waits any longer: without a confirmation it fails.
 */
export function createConfirmPaymentMethod(deps: ActivityDeps) {
  return function confirmPaymentMethod(
    input: PaymentMethodRef & { readonly isLast: boolean },
  ): Promise<SettledPaymentMethod> {
    return keepInStep(async () => {
      const { projectId, live, id } = input;
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(PaymentMethodEntity, { id, projectId, live });
      if (row.status !== 'requires_action') return asSettledMethod(row);
      const { client } = await accountOf(deps, projectId, live, row.provider);
      const { providerCustomerId, providerPaymentMethodId } = row;
      const truth =
        providerCustomerId !== null && providerPaymentMethodId !== null
          ? await client.paymentMethods?.get({ providerCustomerId, providerPaymentMethodId })
          : null;
      if (truth) return asSettledMethod(await keepActive(em, row, truth));
      return asSettledMethod(input.isLast ? await keepFailed(em, row, 'payment_method_unconfirmed') : row);
    });
  };
}
