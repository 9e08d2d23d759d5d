import type { SettledSubscription } from '../activities/settled-subscription.ts';
import { refundPayment } from './refund-payment.ts';
import { startOnce } from './start-once.ts';
import { refundStart } from './start-options.ts';

interface Owner {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
}

/** Starts the workflows of refunds that were just written down; should that fail, the sweep of forgotten rows does. */
export function createStartRefunds(owner: Owner): (refunds: SettledSubscription['refunds']) => Promise<void> {
  const { projectId, live, organizationId } = owner;
  return async (refunds = []) => {
    for (const refund of refunds)
      await startOnce(refundPayment, refundStart({ projectId, live, organizationId, ...refund }));
  };
}
