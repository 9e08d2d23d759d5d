import { customerDataWorkflowId } from './messages.ts';
import { entityStart } from './start-options.ts';

/** How a job on customer data starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function customerDataStart(row: {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly kind: 'export' | 'erasure';
}) {
  const { id, projectId, live, organizationId, kind } = row;
  const input = { projectId, live, organizationId, id, provider: null };
  const name = kind === 'export' ? 'exportCustomerData' : 'eraseCustomerData';
  return entityStart(name, customerDataWorkflowId(id), input, { kind: 'customer-data', summary: kind });
}
