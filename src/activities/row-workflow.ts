import type { Checkout } from '../db/entities/checkout.ts';
import type { Refund } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import { isSettled } from '../domain/checkout/transition.ts';
import { isOver } from '../domain/subscription/transition.ts';

type CheckoutRow = Pick<Checkout, 'id' | 'projectId' | 'live' | 'organizationId' | 'mode' | 'country' | 'routing'>;
type SubscriptionRow = Pick<
  Subscription,
  'id' | 'projectId' | 'live' | 'organizationId' | 'provider' | 'country' | 'status'
> & { readonly isDirect: boolean };
type RefundRow = Pick<Refund, 'id' | 'projectId' | 'live' | 'organizationId' | 'provider'>;

/** A workflow that must run, with what of its row says how it starts. */
export type RowWorkflow =
  | { readonly kind: 'checkout'; readonly row: CheckoutRow }
  | { readonly kind: 'subscription'; readonly row: SubscriptionRow }
  | { readonly kind: 'refund'; readonly row: RefundRow };

/** Something to be looked at, by the workflow it belongs to. */
export interface Nudge {
  /** As a webhook would have told it; the same id is heard once. */
  readonly fact: { readonly id: string; readonly type: string; readonly kind: string; readonly objectId: string };
  readonly target: {
    readonly kind: 'checkout' | 'subscription';
    readonly id: string;
    readonly projectId: string;
    readonly live: boolean;
    readonly organizationId: string;
    readonly provider: string;
    readonly country: string | null;
  };
  /** How the target's workflow starts where it must run and does not; null: it has ended rightly. */
  readonly mustRun: RowWorkflow | null;
}

export function checkoutWorkflow(row: Checkout): Extract<RowWorkflow, { kind: 'checkout' }> {
  const { id, projectId, live, organizationId, mode, country, routing } = row;
  return { kind: 'checkout', row: { id, projectId, live, organizationId, mode, country, routing } };
}

export function subscriptionWorkflow(row: Subscription): Extract<RowWorkflow, { kind: 'subscription' }> {
  const { id, projectId, live, organizationId, provider, country, status } = row;
  // One that has not begun goes on beginning; any other only looks.
  const isDirect = row.checkoutId === null && status === 'incomplete';
  return { kind: 'subscription', row: { id, projectId, live, organizationId, provider, country, status, isDirect } };
}

export function refundWorkflow(row: Refund): Extract<RowWorkflow, { kind: 'refund' }> {
  const { id, projectId, live, organizationId, provider } = row;
  return { kind: 'refund', row: { id, projectId, live, organizationId, provider } };
}

/** null: it has ended, and its workflow with it. */
export function runningCheckout(row: Checkout): RowWorkflow | null {
  return isSettled(row.status) ? null : checkoutWorkflow(row);
}

/** null: it has ended, and its workflow with it. */
export function runningSubscription(row: Subscription): RowWorkflow | null {
  return isOver(row.status) ? null : subscriptionWorkflow(row);
}
