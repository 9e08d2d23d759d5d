import type { RoutingDecision } from '../domain/routing/route.ts';
import { attemptsOf } from '../domain/routing/route.ts';
import {
  billingQueue,
  checkoutWorkflowId,
  refundWorkflowId,
  subscriptionWorkflowId,
  type CheckoutInput,
  type EntityInput,
  type SubscriptionInput,
} from './messages.ts';
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

/** How a subscription's workflow starts, from its row alone. */
export function subscriptionStart(input: SubscriptionInput & { readonly status: string }) {
  const { status, ...given } = input;
  return {
    workflowId: subscriptionWorkflowId(input.subscriptionId),
    taskQueue: billingQueue,
    args: [given] as [SubscriptionInput],
    typedSearchAttributes: startAttributes({ ...input, kind: 'subscription', status }),
    staticSummary: `${input.organizationId}: subscription`,
  };
}

/** How a short workflow about one row starts. */
export function entityStart(
  name: string,
  workflowId: string,
  input: EntityInput,
  more: { readonly kind: string; readonly summary: string },
) {
  return {
    name,
    workflowId,
    taskQueue: billingQueue,
    args: [input] as [EntityInput],
    typedSearchAttributes: startAttributes({ ...input, kind: more.kind, status: 'running', country: null }),
    staticSummary: `${input.organizationId}: ${more.summary}`,
  };
}

/** How a refund's workflow starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function refundStart(row: {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
}) {
  const { id, projectId, live, organizationId, provider } = row;
  const input: EntityInput = { projectId, live, organizationId, id, provider };
  const more = { kind: 'refund', summary: `refund at ${provider}` };
  return entityStart('refundPayment', refundWorkflowId(id), input, more);
}
