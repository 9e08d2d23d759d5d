import { paymentMethodWorkflowId } from './messages.ts';
import { entityStart } from './start-options.ts';

interface MethodRow {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
  readonly version: number;
}

/** How the attaching of a method starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function attachStart(row: MethodRow) {
  return start('attachPaymentMethod', paymentMethodWorkflowId(row.id, 'attach'), row, 'attach a payment method');
}

/** The row's version is part of the id: what was done once can be asked for again after something else has happened. */
export function paymentMethodStart(row: MethodRow, act: 'detach' | 'default') {
  const id = paymentMethodWorkflowId(row.id, `${act}/${row.version}`);
  if (act === 'detach') return start('detachPaymentMethod', id, row, 'take a payment method away');
  return start('defaultPaymentMethod', id, row, 'make a payment method the default');
}

function start(name: string, workflowId: string, row: MethodRow, summary: string) {
  const { projectId, live, organizationId, id, provider } = row;
  const input = { projectId, live, organizationId, id, provider };
  return entityStart(name, workflowId, input, { kind: 'payment-method', summary: `${summary} at ${provider}` });
}
