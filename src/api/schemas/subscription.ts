import { z } from 'zod';
import { fallback } from './checkout.ts';
import { billingInterval, money, nullableTime, organizationId, paging, time, timeline, voucher } from './common.ts';

const status = z.enum(['incomplete', 'trialing', 'active', 'past_due', 'paused', 'canceled', 'expired']);

export const listSubscriptionsQuery = z.strictObject({
  organization_id: organizationId.optional(),
  status: status.optional(),
  ...paging,
});

export const organizationSubscriptionQuery = z.strictObject({ plan: z.string().min(1).max(255).optional() });

/** What happens, or must happen, next. */
const nextAction = z
  .object({
    kind: z.enum([
      'confirm_payment',
      'pay_voucher',
      'update_payment_method',
      'begin_charging',
      'renew',
      'end',
      'pause',
      'resume',
    ]),
    by: z.enum(['customer', 'provider', 'plinto']).meta({ description: 'Whose turn it is.' }),
    at: nullableTime.meta({ description: 'When, or until when.' }),
    url: z.string().nullable().meta({ description: 'Where the customer does it.' }),
    client_secret: z.string().nullable().meta({ description: "For the provider's own browser script." }),
    voucher: voucher.nullable(),
  })
  .meta({ id: 'NextAction' });

/** A change that was asked for and has not taken effect. */
const pendingChange = z
  .object({
    id: z.string(),
    status: z.enum(['requested', 'scheduled']),
    plan: z.string().nullable(),
    plan_id: z.string().nullable(),
    billing_interval: billingInterval.nullable(),
    quantity: z.int().nullable(),
    when: z.enum(['now', 'period_end']),
    effective_at: nullableTime,
    requested_at: time,
  })
  .meta({ id: 'PendingChange' });

export const subscription = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    plan: z.string(),
    plan_id: z.string(),
    status,
    billing_interval: billingInterval,
    quantity: z.int(),
    provider: z.string().nullable(),
    provider_subscription_id: z.string().nullable(),
    provider_customer_id: z.string().nullable(),
    user_id: z.string().nullable(),
    amount: money,
    current_period_start: nullableTime,
    current_period_end: nullableTime,
    trial_start: nullableTime,
    trial_end: nullableTime,
    cancel_at_period_end: z.boolean(),
    cancel_at: nullableTime,
    canceled_at: nullableTime,
    ended_at: nullableTime,
    pause_at: nullableTime.meta({ description: 'When a pause that was asked for begins.' }),
    paused_at: nullableTime,
    resumes_at: nullableTime,
    grace_ends_at: nullableTime,
    collection: z.enum(['provider', 'voucher', 'none']).meta({ description: 'Who renews it.' }),
    payment_method_id: z.string().nullable(),
    fallback: fallback.nullable().meta({ description: 'Who was asked to begin it before its provider, and why not.' }),
    failure_code: z.string().nullable().meta({ description: 'Why it never began.' }),
    next_action: nextAction.nullable(),
    entitled: z.boolean(),
    pending_change: pendingChange.nullable(),
    metadata: z.record(z.string(), z.string()),
    created_at: time,
  })
  .meta({ id: 'Subscription' });
export type SubscriptionAnswer = z.output<typeof subscription>;

export const subscriptionDetail = z.object({ ...subscription.shape, timeline }).meta({ id: 'SubscriptionDetail' });
