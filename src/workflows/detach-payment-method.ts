import { setCurrentDetails } from '@temporalio/workflow';
import type { EntityInput } from './messages.ts';
import { paymentMethodCalls, refOf } from './payment-method-calls.ts';

/** Takes a stored payment method away; what is charged to it moves to the default first. */
export async function detachPaymentMethod(input: EntityInput): Promise<{ readonly status: string }> {
  const { status } = await paymentMethodCalls(input).detachPaymentMethod(refOf(input));
  setCurrentDetails(`**${status}**`);
  return { status };
}
