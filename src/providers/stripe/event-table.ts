import type Stripe from 'stripe';

type EnabledEvent = Stripe.WebhookEndpointCreateParams.EnabledEvent;

/**
 * What Stripe sends, and what we make of it. `decisive`: a workflow must hear of it; `noted`: written down only, since
 * another event or the next reading tells the same.
 *
 * | decisive | because |
 * |---|---|
 * | `checkout.session.*` | the first payment of a checkout, also a voucher's; the session alone tells it |
 * | `customer.subscription.*` | states, items and pauses that change here or in the Dashboard |
 * | `invoice.paid`, `payment_failed`, `payment_action_required` | renewals; out-of-band payments too |
 * | `invoice.voided`, `marked_uncollectible` | what was due is no longer |
 * | `charge.refunded`, `refund.failed`, `refund.updated` | money that goes back, or comes again when a bank refuses it |
 * | `charge.dispute.*` | freezes, and is won or lost |
 * | `payment_intent.*` | charges without a hosted page; those of checkouts and invoices are told by these |
 * | `setup_intent.*` | a method that waited for the bank; not of a checkout |
 * | meter error reports (thin) | usage that was received and then refused |
 */
const SNAPSHOTS = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'customer.subscription.pending_update_applied',
  'customer.subscription.pending_update_expired',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.payment_action_required',
  'invoice.voided',
  'invoice.marked_uncollectible',
  'charge.refunded',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'setup_intent.succeeded',
  'setup_intent.setup_failed',
] as const satisfies readonly EnabledEvent[];

/** Thin, without their `v1.`. */
export const USAGE_REFUSED: ReadonlySet<string> = new Set([
  'billing.meter.error_report_triggered',
  'billing.meter.no_meter_found',
]);

export const DECISIVE: ReadonlySet<string> = new Set<string>([...SNAPSHOTS, ...USAGE_REFUSED]);

const NOTED = [
  'customer.subscription.created',
  'customer.subscription.trial_will_end',
  'customer.updated',
  'customer.deleted',
  'invoice.finalized',
  'invoice.finalization_failed',
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.automatically_updated',
  'refund.created',
  // Each comes beside a status of the dispute that is decisive.
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'payment_intent.partially_funded',
  'radar.early_fraud_warning.created',
] as const satisfies readonly EnabledEvent[];

/** What an endpoint subscribes to: snapshot events only, thin ones have destinations of their own. */
export const SUBSCRIBED: readonly EnabledEvent[] = [...SNAPSHOTS, ...NOTED];

/** What bears money or a subscription's state; a list of events takes twenty types at most. */
export const CHANGES = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.voided',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'charge.refunded',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
] as const satisfies readonly EnabledEvent[];
