import { z } from 'zod';
import { billingInterval, money, nullableTime, organizationId, paging, time } from './common.ts';

const status = z.enum(['incomplete', 'trialing', 'active', 'past_due', 'paused', 'canceled', 'expired']);

export const listSubscriptionsQuery = z.strictObject({
  organization_id: organizationId.optional(),
  status: status.optional(),
  ...paging,
});

export const organizationSubscriptionQuery = z.strictObject({ plan: z.string().min(1).max(255).optional() });

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
    paused_at: nullableTime,
    resumes_at: nullableTime,
    grace_ends_at: nullableTime,
    next_action: z.string().nullable(),
    entitled: z.boolean(),
    pending_change: z.null(),
    metadata: z.record(z.string(), z.string()),
    created_at: time,
  })
  .meta({ id: 'Subscription' });
export type SubscriptionAnswer = z.output<typeof subscription>;
