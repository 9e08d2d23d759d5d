import type { LifecyclePolicy } from '../subscription/lifecycle-policy.ts';
import type { SubscriptionStatus } from '../subscription/truth.ts';

export interface Entitlement {
  readonly isAllowed: boolean;
  /** Why, as an app may show or log it. */
  readonly reason: string;
  /** When it ends by itself; null: with its subscription. */
  readonly until: string | null;
}

/** What a subscription gives its organization now. */
export function entitlementOf(input: {
  readonly status: SubscriptionStatus;
  readonly graceEndsAt: string | null;
  readonly isDisputed: boolean;
  readonly policy: LifecyclePolicy;
}): Entitlement {
  const { status, policy } = input;
  const always = (isAllowed: boolean, reason: string): Entitlement => ({ isAllowed, reason, until: null });
  if (input.isDisputed && policy.disputeAccess === 'revoke') return always(false, 'payment_disputed');
  switch (status) {
    case 'trialing':
    case 'active':
      return always(true, `subscription_${status}`);
    case 'past_due':
      if (policy.pastDueAccess === 'revoke') return always(false, 'subscription_past_due');
      return { isAllowed: true, reason: 'subscription_past_due_grace', until: input.graceEndsAt };
    case 'incomplete':
    case 'paused':
    case 'canceled':
    case 'expired':
      return always(false, `subscription_${status}`);
  }
}

/** What a one-time purchase gives: everything for good, unless the money went back. */
export function orderEntitlement(
  status: 'paid' | 'partially_refunded' | 'refunded' | 'disputed',
  policy: Pick<LifecyclePolicy, 'disputeAccess'>,
): Entitlement {
  const isKept = status === 'disputed' ? policy.disputeAccess === 'keep' : status !== 'refunded';
  return { isAllowed: isKept, reason: `order_${status}`, until: null };
}
