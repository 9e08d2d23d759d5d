import { z } from 'zod';
import { organizationId, timestamp } from './common.ts';

/** Documentation of what `readEvent` reads by hand. */
export const usageEventBody = z
  .strictObject({
    organization_id: organizationId.optional().meta({
      description: 'Left out where the batch gives it once, or a session is for one organization alone.',
    }),
    event_name: z.string().min(1).max(200).meta({ description: 'Of some meter.', example: 'api_call' }),
    quantity: z
      .union([z.string().regex(/^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,12})?$/), z.number()])
      .default(1)
      .meta({
        description:
          'A decimal, exact: as text, or as a number of at most 15 digits. Not negative, unless `corrects` is there.',
        example: '12.5',
      }),
    properties: z
      .record(z.string().min(1).max(40), z.union([z.string().max(500), z.number(), z.boolean()]))
      .optional()
      .meta({ description: 'At most 50; meters filter by them and sum them up.' }),
    event_id: z.string().min(1).max(200).optional().meta({
      description: 'Unique in the organization for ever: a repeat counts once. Without it one is made and told.',
    }),
    timestamp: timestamp.optional().meta({ description: 'When it happened; without it: now.' }),
    corrects: z.string().min(1).max(200).optional().meta({
      description: 'The `event_id` that this corrects: `quantity` is then the difference, at the time of that event.',
    }),
  })
  .meta({ id: 'UsageEventInput' });

export const usageBatchBody = z.strictObject({
  organization_id: organizationId.optional().meta({ description: 'Of all events that do not name one.' }),
  events: z.array(usageEventBody).min(1).max(1_000),
});

export const cloudEvent = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1).max(200).meta({ description: 'The `event_id`.' }),
    source: z.string().min(1).meta({ description: 'Not kept, and no part of the identity.' }),
    type: z.string().min(1).max(200).meta({ description: 'The `event_name`.' }),
    subject: organizationId.optional().meta({ description: 'The `organization_id`.' }),
    time: timestamp.optional(),
    datacontenttype: z.literal('application/json').optional(),
    corrects: z.string().min(1).max(200).optional().meta({ description: 'An extension of ours.' }),
    data: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .meta({ description: '`quantity`, where it is not 1; everything else is a property.' }),
  })
  .meta({ id: 'CloudEvent' });

export const usageEventAnswer = z
  .object({
    event_id: z.string(),
    event_name: z.string(),
    quantity: z.union([z.string(), z.number()]).meta({ description: 'As it was sent.' }),
    reported: z.literal(false).meta({ description: 'Providers are told later, by a usage report.' }),
    duplicate: z.literal(true).optional().meta({ description: 'The event was there already; it stays as it was.' }),
  })
  .meta({ id: 'UsageEventAccepted' });
export type UsageEventAnswer = z.output<typeof usageEventAnswer>;

export const usageBatchAnswer = z
  .object({
    accepted: z.int().meta({ description: 'Stored now.' }),
    duplicates: z.int().meta({ description: 'There already, or twice in the batch.' }),
    rejected: z
      .array(z.object({ index: z.int(), code: z.string(), detail: z.string() }))
      .meta({ description: 'By their place in the batch, from 0. All others were taken.' }),
    made: z
      .array(z.object({ index: z.int(), event_id: z.string() }))
      .optional()
      .meta({ description: 'Ids made for events that came without one.' }),
  })
  .meta({ id: 'UsageBatchAccepted' });
export type UsageBatchAnswer = z.output<typeof usageBatchAnswer>;

export const usageAnswer = z.union([usageEventAnswer, usageBatchAnswer]);

export const importQuery = z.strictObject({
  organization_id: organizationId.optional().meta({ description: 'Of all events that do not name one.' }),
});

const progress = z.object({
  lines: z.int().meta({ description: 'Number of the last line that was dealt with.' }),
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
});

/** A line of the answer to an import. */
export const importLine = z
  .union([
    z.object({ line: z.int(), code: z.string(), detail: z.string() }),
    progress.extend({ done: z.literal(true) }),
    progress.extend({ done: z.literal(false), error: z.object({ code: z.string(), detail: z.string() }) }),
    progress,
  ])
  .meta({ id: 'UsageImportLine' });
export type ImportLine = z.output<typeof importLine>;
