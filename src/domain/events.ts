/** Everything an app's endpoint may hear. Names are never renamed; new ones may come. */
export const eventTypes = [
  'checkout.opened',
  'checkout.pending',
  'checkout.completed',
  'checkout.expired',
  'checkout.canceled',
  'checkout.failed',
  'order.paid',
  'order.updated',
  'subscription.created',
  'subscription.updated',
  'subscription.trial_ending',
  'subscription.activated',
  'subscription.renewed',
  'subscription.past_due',
  'subscription.payment_reminder',
  'subscription.recovered',
  'subscription.grace_ended',
  'subscription.changed',
  'subscription.change_scheduled',
  'subscription.paused',
  'subscription.resumed',
  'subscription.cancel_scheduled',
  'subscription.cancel_undone',
  'subscription.canceled',
  'subscription.expired',
  'subscription.voucher_issued',
  'invoice.created',
  'invoice.paid',
  'invoice.updated',
  'refund.created',
  'refund.succeeded',
  'refund.failed',
  'dispute.opened',
  'dispute.updated',
  'dispute.closed',
  'benefit.granted',
  'benefit.revoked',
  'payment_method.attached',
  'payment_method.detached',
  'customer_data.erased',
  'reconciliation.differed',
  'usage.reported',
  'rollout.changed',
] as const;

export type EventType = (typeof eventTypes)[number];

/** What the test of an endpoint sends: to it alone, whatever it listens to. */
export const testEventType = 'webhook_endpoint.test';

export type ToldEventType = EventType | typeof testEventType;
