import { z } from 'zod';
import { billingInterval, money, nullableTime, timestamp } from './common.ts';

const when = z.enum(['now', 'period_end']);
const proration = z.enum(['immediate', 'next_invoice', 'none']);

/** `PATCH` and its preview. What is absent stays as it is. */
export const changeSubscriptionBody = z
  .strictObject({
    plan_id: z.string().min(1).max(255).nullable().default(null).meta({
      description: "Our id, the plan's key, or a provider's id of it.",
      example: 'enterprise',
    }),
    billing_interval: billingInterval.nullable().default(null),
    quantity: z.int().min(1).max(100_000).nullable().default(null),
    proration: proration.nullable().default(null).meta({
      description: 'When the difference is charged; null: at once where the provider can, else the nearest it can.',
    }),
    when: when
      .nullable()
      .default(null)
      .meta({ description: 'null: an upgrade now, anything else at the period’s end.' }),
    proration_at: timestamp.nullable().default(null).meta({
      description: 'From the preview: the change then is the same sum, to the minor unit.',
    }),
  })
  .meta({ id: 'ChangeSubscription' });
export type ChangeSubscriptionBody = z.output<typeof changeSubscriptionBody>;

export const cancelSubscriptionQuery = z.strictObject({
  cancel_immediately: z.enum(['true', 'false']).default('false'),
});

/** Told to the provider where it takes reasons, and kept; never put into a workflow. */
export const cancelSubscriptionBody = z
  .strictObject({
    reason: z.string().trim().min(1).max(100).nullable().default(null),
    comment: z.string().trim().min(1).max(1_000).nullable().default(null),
  })
  .meta({ id: 'CancelSubscription' });

export const pauseSubscriptionBody = z
  .strictObject({
    when: when.nullable().default(null).meta({ description: 'null: as the provider can.' }),
    resumes_at: timestamp.nullable().default(null).meta({ description: 'null: until it is resumed.' }),
  })
  .superRefine((body, context) => {
    if (body.resumes_at !== null && Date.parse(body.resumes_at) <= Date.now())
      context.addIssue({ code: 'custom', path: ['resumes_at'], message: 'must be in the future', input: null });
  })
  .meta({ id: 'PauseSubscription' });

export const emptyBody = z.strictObject({});
export const emptyQuery = z.strictObject({});

export const changePreview = z
  .object({
    lines: z.array(
      z.object({
        description: z.string(),
        amount_minor: z.int().meta({ description: 'Negative: a credit.' }),
        currency: z.string(),
        period_start: nullableTime,
        period_end: nullableTime,
      }),
    ),
    due_now: money,
    next_invoice: money.nullable(),
    estimate: z.boolean().meta({ description: 'true: worked out by us, before tax, discounts and balance.' }),
    when,
    effective_at: nullableTime.meta({ description: 'null: at once.' }),
    proration,
    method: z
      .enum(['provider', 'ours', 'recreate'])
      .meta({ description: 'Who does it at its time; `recreate`: the old one is ended and a new one begun.' }),
    proration_at: nullableTime.meta({ description: 'Send it back with the change, and it is the same sum.' }),
  })
  .meta({ id: 'ChangePreview' });
export type ChangePreviewAnswer = z.output<typeof changePreview>;
