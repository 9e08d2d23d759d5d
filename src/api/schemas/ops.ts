import { z } from 'zod';
import { nullableTime, paging, time, timestamp } from './common.ts';
import { providerHealth } from './provider-health.ts';

const eventStatus = z.enum(['received', 'noted', 'delivered', 'ignored', 'set_aside']);

export const listWebhookEventsQuery = z.strictObject({
  provider: z.string().max(64).optional(),
  status: eventStatus.optional(),
  ...paging,
});

export const webhookEvent = z
  .object({
    id: z.string(),
    provider: z.string(),
    event_id: z.string(),
    type: z.string(),
    object_kind: z.string(),
    object_id: z.string(),
    checkout_id: z.string().nullable(),
    status: eventStatus,
    attempts: z.int(),
    next_attempt_at: nullableTime,
    delivered_to: z.string().nullable(),
    why: z.string().nullable(),
    received_at: time,
    settled_at: nullableTime,
  })
  .meta({ id: 'WebhookEvent' });
export type WebhookEventAnswer = z.output<typeof webhookEvent>;

export const listQuery = z.strictObject({ ...paging });

export const fallbackRecord = z
  .object({
    id: z.string(),
    checkout_id: z.string().nullable(),
    subscription_id: z.string().nullable(),
    attempted_provider: z.string(),
    fallback_provider: z.string().nullable(),
    reason: z.string(),
    provider_code: z.string().nullable(),
    timestamp: time,
  })
  .meta({ id: 'FallbackRecord' });

export const listAuditQuery = z.strictObject({
  entity_kind: z.string().max(64).optional(),
  entity_id: z.string().max(128).optional(),
  actor: z.string().max(255).optional(),
  action: z
    .string()
    .max(128)
    .regex(/^[a-z_]+(\.[a-z_]*)?$/, 'must be an action or its beginning, such as subscription.')
    .optional()
    .meta({ description: 'An action, or the beginning of several.', example: 'subscription.' }),
  since: timestamp.optional().meta({ description: 'This instant included.' }),
  until: timestamp.optional().meta({ description: 'This instant left out.' }),
  ...paging,
});

export const auditEntry = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string(),
    action: z.string(),
    entity_kind: z.string(),
    entity_id: z.string(),
    detail: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
  })
  .meta({ id: 'AuditEntry' });

const when = z.enum(['now', 'period_end']);

export const provider = z
  .object({
    id: z.string(),
    configured: z.boolean(),
    merchant_of_record: z.boolean(),
    modes: z.array(z.string()),
    payment_methods: z.array(z.string()),
    requires: z.array(z.string()),
    operations: z.array(z.string()).meta({
      description: 'What it can do, as `group.operation`; what is not listed it cannot.',
      example: ['refunds.create'],
    }),
    subscriptions: z
      .object({
        cancel: z.array(when),
        undo_cancel: z.boolean(),
        pause: z.array(when),
        pause_until: z.boolean(),
        change_plan: z.array(when),
        change_interval: z.array(when),
        change_quantity: z.array(when),
        proration: z.array(z.enum(['immediate', 'next_invoice', 'none'])),
        preview: z.boolean(),
        move_trial_end: z.boolean(),
        renews: z.boolean(),
      })
      .nullable(),
    credentials: z.array(
      z.object({ key: z.string(), description: z.string(), secret: z.boolean(), required: z.boolean() }),
    ),
    retains: z.array(z.string()).meta({ description: 'What it keeps of an erased customer.' }),
    health: providerHealth.nullable().meta({ description: 'null: the project has no account there in this mode.' }),
  })
  .meta({ id: 'Provider' });

export const webhookAnswer = z
  .object({ status: z.enum(['accepted', 'already_processed', 'ignored']) })
  .meta({ id: 'WebhookAnswer' });
