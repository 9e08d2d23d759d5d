import { z } from 'zod';
import { nullableTime, organizationId, paging, time, timestamp } from './common.ts';

export const timeGroups = ['hour', 'day', 'month'] as const;

export const readUsageQuery = z
  .strictObject({
    organization_id: organizationId.optional(),
    meter: z.string().min(1).max(64).meta({ description: 'Its key or id.', example: 'api_calls' }),
    from: timestamp.optional().meta({ description: 'From the beginning of its hour; else of the current period.' }),
    to: timestamp
      .optional()
      .meta({ description: 'To the beginning of its hour; else to the end of the current period.' }),
    group_by: z.string().min(1).max(40).default('day').meta({
      description: '`hour`, `day`, `month` (all of UTC), or the name of a property of the events.',
    }),
  })
  .meta({ description: 'The current period is that of the subscription, else the calendar month in UTC.' });
export type ReadUsageQuery = z.output<typeof readUsageQuery>;

/** Of every active meter. */
export const readEveryUsageQuery = readUsageQuery.omit({ meter: true });
export const aliasUsageQuery = readEveryUsageQuery.extend({ meter: readUsageQuery.shape.meter.optional() });

const value = z.string().meta({ description: 'An exact decimal.', example: '1204.5' });

export const usageReading = z
  .object({
    organization_id: z.string(),
    meter: z.string(),
    aggregation: z.string(),
    unit: z.string(),
    from: time,
    to: time,
    group_by: z.string(),
    total: value,
    events: z.number().meta({ description: 'How many events the total is made of.' }),
    data: z
      .array(
        z.object({
          start: nullableTime.meta({ description: 'null: grouped by a property.' }),
          end: nullableTime,
          value_of_property: z
            .string()
            .nullable()
            .meta({ description: 'null: grouped by time, or without the property.' }),
          value,
          events: z.number(),
        }),
      )
      .meta({
        description: 'Where something was counted: by time oldest first; by property the thousand with most events.',
      }),
  })
  .meta({ id: 'Usage' });
export type UsageAnswer = z.output<typeof usageReading>;

export const listUsageEventsQuery = z.strictObject({
  organization_id: organizationId.optional(),
  event_name: z.string().min(1).max(100).optional(),
  ...paging,
});

export const storedUsageEvent = z
  .object({
    event_id: z.string(),
    event_name: z.string(),
    organization_id: z.string(),
    quantity: value,
    properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
    corrects: z.string().nullable(),
    timestamp: time.meta({ description: 'When it occurred.' }),
    received_at: time,
  })
  .meta({ id: 'UsageEvent' });
export type StoredEventAnswer = z.output<typeof storedUsageEvent>;
