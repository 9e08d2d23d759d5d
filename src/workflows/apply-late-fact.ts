import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { disputeIds, providerQueue, type ProviderFact } from './messages.ts';
import { startSubscription } from './start-subscription.ts';

export interface LateFactInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
  readonly country: string | null;
  readonly target: { readonly kind: 'checkout' | 'subscription'; readonly id: string };
  readonly facts: readonly ProviderFact[];
}

/**
 * A webhook about something whose workflow has ended: the truth is read once more and honoured. An expired checkout may
 * become paid, a refund is recorded; an ended subscription is never reopened.
 */
export async function applyLateFact(input: LateFactInput): Promise<{ readonly status: string }> {
  const { projectId, live, provider } = input;
  const run = proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    startToCloseTimeout: '15s',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
    summary: `read ${provider}, update our ${input.target.kind}`,
  });
  const named = { projectId, live, disputeIds: disputeIds(input.facts) };
  if (input.target.kind === 'subscription') {
    return { status: (await run.settleSubscription({ ...named, subscriptionId: input.target.id })).status };
  }
  const settled = await run.settleCheckout({ ...named, checkoutId: input.target.id });
  if (settled.subscriptionId !== null) {
    const { organizationId, country } = input;
    await startSubscription({
      projectId,
      live,
      organizationId,
      subscriptionId: settled.subscriptionId,
      provider: settled.provider ?? provider,
      country,
    });
  }
  return { status: settled.status };
}
