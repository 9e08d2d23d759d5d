import type { RoutingDecision } from '../domain/routing/route.ts';
import { attemptsOf } from '../domain/routing/route.ts';
import { billingQueue, checkoutWorkflowId, type CheckoutInput } from './messages.ts';
import { expectedAttributes, startAttributes } from './search-attributes.ts';

/** How a checkout's workflow starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function checkoutStart(row: {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly mode: CheckoutInput['mode'];
  readonly country: string | null;
  readonly routing: RoutingDecision;
}) {
  const input: CheckoutInput = {
    projectId: row.projectId,
    live: row.live,
    organizationId: row.organizationId,
    checkoutId: row.id,
    mode: row.mode,
    attempts: attemptsOf(row.routing),
    rule: row.routing.rule,
    country: row.country,
  };
  return {
    workflowId: checkoutWorkflowId(row.id),
    taskQueue: billingQueue,
    args: [input] as [CheckoutInput],
    typedSearchAttributes: startAttributes({ ...input, kind: 'checkout', ...expectedAttributes(input) }),
    staticSummary: `${row.organizationId}: ${row.mode} by rule ${row.routing.rule}`,
  };
}
