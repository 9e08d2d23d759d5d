import { refundWorkflowId } from './messages.ts';
import { entityStart } from './start-options.ts';

/** How a refund's workflow starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function refundStart(row: {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
}) {
  const { id, projectId, live, organizationId, provider } = row;
  const input = { projectId, live, organizationId, id, provider };
  const more = { kind: 'refund', summary: `refund at ${provider}` };
  return entityStart('refundPayment', refundWorkflowId(id), input, more);
}
