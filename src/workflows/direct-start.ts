import { subscriptionStart } from './start-options.ts';

/** How a subscription that is asked for without a hosted page starts, by the API and by the sweep of forgotten rows. */
export function directStart(row: {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string | null;
  readonly country: string | null;
}) {
  const { id: subscriptionId, projectId, live, organizationId, provider, country } = row;
  const input = { projectId, live, organizationId, subscriptionId, provider, country };
  return subscriptionStart({ ...input, isDirect: true, status: 'incomplete' });
}
