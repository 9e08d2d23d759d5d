import { upsertSearchAttributes } from '@temporalio/workflow';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import { expectedAttributes, searchAttributes } from './search-attributes.ts';

/**
 * Keeps what operators see of a checkout up to date. An upsert makes the task that answers the caller about 6 ms slower:
 * what went as expected is shown already.
 */
export function createShowCheckout(input: Parameters<typeof expectedAttributes>[0]) {
  let shown = expectedAttributes(input);
  return (status: CheckoutStatus, served: string | null): void => {
    const provider = served ?? shown.provider;
    if (status === shown.status && provider === shown.provider) return;
    shown = { status, provider };
    upsertSearchAttributes([
      { key: searchAttributes.status, value: status },
      ...(provider === null ? [] : [{ key: searchAttributes.provider, value: provider }]),
    ]);
  };
}
