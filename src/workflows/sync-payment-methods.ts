import { setCurrentDetails } from '@temporalio/workflow';
import type { EntityInput } from './messages.ts';
import { paymentMethodCalls } from './payment-method-calls.ts';

/** Brings our rows in step with the payment methods that an organization has stored at one provider. */
export async function syncPaymentMethods(input: EntityInput): Promise<{ readonly count: number }> {
  const { projectId, live, organizationId, provider } = input;
  if (provider === null) return { count: 0 };
  const { count } = await paymentMethodCalls(input).syncPaymentMethods({ projectId, live, organizationId, provider });
  setCurrentDetails(`${count} at ${provider}`);
  return { count };
}
