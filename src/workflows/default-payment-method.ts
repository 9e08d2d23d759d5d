import { setCurrentDetails } from '@temporalio/workflow';
import type { EntityInput } from './messages.ts';
import { paymentMethodCalls, refOf } from './payment-method-calls.ts';

/** Makes a stored payment method the one that renewals are charged to. */
export async function defaultPaymentMethod(input: EntityInput): Promise<{ readonly isDefault: boolean }> {
  const { isDefault } = await paymentMethodCalls(input).defaultPaymentMethod(refOf(input));
  setCurrentDetails(isDefault ? '**default**' : 'refused: the row says why');
  return { isDefault };
}
