import { setCurrentDetails } from '@temporalio/workflow';
import { confirmPaymentMethod } from './confirm-payment-method.ts';
import { paymentMethodWorkflowId, type EntityInput } from './messages.ts';
import { paymentMethodCalls, refOf } from './payment-method-calls.ts';
import { startOnce } from './start-once.ts';
import { entityStart } from './start-options.ts';

/**
 * Attaches a payment method. The caller waits for its end, so one whose bank asks for the customer is left to a workflow
 * of its own.
 */
export async function attachPaymentMethod(input: EntityInput): Promise<{ readonly status: string }> {
  const run = paymentMethodCalls(input);
  const { status, isDefault } = await run.attachPaymentMethod(refOf(input));
  setCurrentDetails(`**${status}** at ${input.provider ?? 'nobody'}`);
  if (status === 'requires_action') {
    const start = entityStart('confirmPaymentMethod', paymentMethodWorkflowId(input.id, 'confirm'), input, {
      kind: 'payment-method',
      summary: 'wait for the customer to confirm a payment method',
    });
    await startOnce(confirmPaymentMethod, start);
  }
  if (status === 'active' && isDefault) await run.defaultPaymentMethod(refOf(input));
  return { status };
}
