/**
 * Everything Polar sends (OpenAPI 2026-10, and `subscription.migrated` since), and what it is to us:
 *
 * - `decisive`: a workflow hears of it at once;
 * - `noted`: kept in the log of messages, and subscribed to, since a person reads it there;
 * - `silent`: parsed if it comes, but not asked for.
 *
 * Few are decisive on purpose: Polar sends a dozen messages per payment. `order.paid` covers first payments, renewals,
 * trials (an order of 0) and recovery, so `subscription.active` and `.created` would only repeat it;
 * `subscription.updated` also comes with every meter reading; a decline needs none, for it returns the session to
 * `open`. `refund.updated` is the only message of a refund that failed later. There is none of a dispute: `changes`.
 */
export const POLAR_EVENTS = {
  'checkout.created': 'silent',
  'checkout.updated': 'silent',
  'checkout.expired': 'decisive',
  'customer.created': 'noted',
  'customer.updated': 'noted',
  'customer.deleted': 'noted',
  'customer.state_changed': 'silent',
  'member.created': 'silent',
  'member.updated': 'silent',
  'member.deleted': 'silent',
  'customer_seat.assigned': 'silent',
  'customer_seat.claimed': 'silent',
  'customer_seat.revoked': 'silent',
  'order.created': 'noted', // decisive where nothing was due: see `webhook.ts`
  'order.updated': 'noted',
  'order.paid': 'decisive',
  'order.refunded': 'decisive',
  'subscription.created': 'noted',
  'subscription.updated': 'silent',
  'subscription.active': 'noted',
  'subscription.cycled': 'decisive',
  'subscription.canceled': 'decisive',
  'subscription.uncanceled': 'decisive',
  'subscription.past_due': 'decisive',
  'subscription.revoked': 'decisive',
  'subscription.paused': 'decisive',
  'subscription.resumed': 'decisive',
  // Younger than the document: an endpoint that asks for it could be refused.
  'subscription.migrated': 'silent',
  'refund.created': 'noted',
  'refund.updated': 'decisive',
  'benefit.created': 'silent',
  'benefit.updated': 'silent',
  'benefit_grant.created': 'noted',
  'benefit_grant.updated': 'noted',
  'benefit_grant.cycled': 'silent',
  'benefit_grant.revoked': 'noted',
  'product.created': 'silent',
  'product.updated': 'silent',
  'discount.created': 'silent',
  'discount.updated': 'silent',
  'discount.deleted': 'silent',
  'organization.updated': 'silent',
} as const satisfies Record<string, 'decisive' | 'noted' | 'silent'>;

const BY_TYPE: ReadonlyMap<string, 'decisive' | 'noted' | 'silent'> = new Map(Object.entries(POLAR_EVENTS));

/** Types that Polar may add one day are noted, never acted on. */
export function isDecisiveType(type: string): boolean {
  return BY_TYPE.get(type) === 'decisive';
}

/** What our endpoints ask for. */
export const SUBSCRIBED_EVENTS: readonly string[] = [...BY_TYPE].flatMap(([type, use]) =>
  use === 'silent' ? [] : [type],
);
