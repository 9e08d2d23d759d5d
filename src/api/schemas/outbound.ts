import { z } from 'zod';
import { eventTypes, testEventType } from '../../domain/events.ts';
import { nullableTime, organizationId, paging, shortText, time, timestamp } from './common.ts';

const listenTo = z
  .array(z.enum(eventTypes))
  .max(eventTypes.length)
  .transform((types) => [...new Set(types)])
  .meta({ description: 'Empty: every type, also those to come.', example: ['invoice.paid'] });
/** What a URL must be is judged with the deployment's rules. */
const url = z.string().min(1).max(2_048).meta({ example: 'https://app.example/webhooks' });

export const createEndpointBody = z
  .strictObject({
    url,
    description: shortText.nullable().default(null),
    event_types: listenTo.default([]),
  })
  .meta({ id: 'CreateWebhookEndpoint' });

/** Absent fields stay as they are. */
export const patchEndpointBody = z
  .strictObject({ url, description: shortText.nullable(), event_types: listenTo, enabled: z.boolean() })
  .partial()
  .meta({ id: 'PatchWebhookEndpoint' });
export type PatchEndpointBody = z.output<typeof patchEndpointBody>;

export const rotateSecretBody = z
  .strictObject({
    expires_in: z
      .int()
      .min(0)
      .max(30 * 86_400)
      .default(86_400)
      .meta({ description: 'Seconds for which the secret before signs too. 0: it ends at once.' }),
  })
  .meta({ id: 'RotateWebhookSecret' });

export const testEndpointBody = z.strictObject({}).meta({ id: 'TestWebhookEndpoint' });

export const recoverBody = z
  .strictObject({ since: timestamp.meta({ description: 'At most 90 days back: events are kept as long.' }) })
  .meta({ id: 'RecoverWebhookEndpoint' });

export const recovery = z
  .object({ endpoint_id: z.string(), since: time, events: z.int() })
  .meta({ id: 'WebhookRecovery' });

export const webhookEndpoint = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string().nullable(),
    event_types: z.array(z.string()),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    failing_since: nullableTime.meta({ description: 'The first failure since the last success.' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'WebhookEndpoint' });
export type WebhookEndpointAnswer = z.output<typeof webhookEndpoint>;

/** Stored sealed, and nowhere else: not even for a repeat. */
const secret = z.string().nullable().meta({
  description:
    'Shown this once. null: this answer repeats an earlier one, by its `Idempotency-Key`; rotate the secret if that was lost.',
  example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
});

export const newWebhookEndpoint = webhookEndpoint.extend({ secret }).meta({ id: 'NewWebhookEndpoint' });

export const rotatedWebhookEndpoint = webhookEndpoint
  .extend({ secret, previous_secret_expires_at: nullableTime })
  .meta({ id: 'RotatedWebhookEndpoint' });

const deliveryStatus = z.enum(['waiting', 'delivered', 'failed', 'canceled']);

export const listDeliveriesQuery = z.strictObject({ status: deliveryStatus.optional(), ...paging });

export const delivery = z
  .object({
    event_id: z.string(),
    endpoint_id: z.string(),
    status: deliveryStatus,
    attempts: z.int(),
    next_attempt_at: nullableTime,
    response_status: z.int().nullable(),
    why: z.string().nullable(),
    delivered_at: nullableTime,
    created_at: time,
  })
  .meta({ id: 'EventDelivery' });
export type DeliveryAnswer = z.output<typeof delivery>;

const told = [...eventTypes, testEventType] as const;

export const listEventsQuery = z.strictObject({
  type: z.enum(told).optional(),
  object_kind: z.string().max(64).optional(),
  object_id: z.string().max(128).optional(),
  organization_id: organizationId.optional(),
  ...paging,
});

/** What an endpoint is sent. */
export const eventEnvelope = z
  .object({
    id: z.string().meta({ description: 'Also the header `webhook-id`; the same at every attempt and replay.' }),
    type: z.enum(told),
    timestamp: time.meta({ description: 'When it happened.' }),
    project: z.string(),
    live: z.boolean(),
    organization_id: z.string().nullable(),
    data: z.record(z.string(), z.unknown()).meta({ description: 'The object as the API showed it then.' }),
  })
  .meta({ id: 'EventEnvelope' });

export const event = eventEnvelope
  .extend({ object_kind: z.string(), object_id: z.string() })
  .meta({ id: 'Event', description: 'What was told, and of which object.' });
export type EventAnswer = z.output<typeof event>;

export const eventDetail = event.extend({ deliveries: z.array(delivery) }).meta({ id: 'EventDetail' });

export const replayBody = z
  .strictObject({
    endpoint_id: z
      .string()
      .max(64)
      .nullable()
      .default(null)
      .meta({ description: 'null: every enabled endpoint that listens to its type.' }),
  })
  .meta({ id: 'ReplayEvent' });
