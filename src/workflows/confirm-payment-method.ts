import { setCurrentDetails, sleep } from '@temporalio/workflow';
import type { EntityInput } from './messages.ts';
import { paymentMethodCalls, refOf } from './payment-method-calls.ts';

/** No webhook names our row, so the provider is asked: often while the customer is at it, then less, for a day in all. */
const gaps = [
  ...(['5s', '5s', '5s', '5s', '10s', '10s', '20s', '20s', '40s', '1m', '1m', '5m', '5m', '20m', '20m'] as const),
  ...(['1h', '2h', '4h', '8h', '8h'] as const),
];

/** Waits until the customer has confirmed a method that their bank asked about, or nobody waits any longer. */
export async function confirmPaymentMethod(input: EntityInput): Promise<{ readonly status: string }> {
  const run = paymentMethodCalls(input);
  for (const [index, gap] of gaps.entries()) {
    await sleep(gap, { summary: 'until the provider is asked again' });
    const isLast = index === gaps.length - 1;
    const { status, isDefault } = await run.confirmPaymentMethod({ ...refOf(input), isLast });
    if (status === 'requires_action') continue;
    setCurrentDetails(`**${status}**`);
    if (status === 'active' && isDefault) await run.defaultPaymentMethod(refOf(input));
    return { status };
  }
  return { status: 'requires_action' };
}
