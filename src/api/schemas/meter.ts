import { z } from 'zod';
import { aggregations, filterOperators } from '../../domain/usage/meter.ts';
import { organizationId, paging, shortText, time, timestamp } from './common.ts';
import { pushBody } from './push.ts';

export const meterKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'must be 1 to 64 of a–z, 0–9, _, . and -, beginning with a letter or digit')
  .meta({ description: 'Limits of plans are named by it, and events at the providers.', example: 'api_calls' });

const eventName = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 printable characters without spaces')
  .meta({ example: 'api_call' });
const property = z.string().min(1).max(40);
const text = z.string().max(500);

const filterClause = z
  .discriminatedUnion('operator', [
    z.strictObject({ property, operator: z.enum(['eq', 'ne']), value: z.union([text, z.number(), z.boolean()]) }),
    z.strictObject({ property, operator: z.enum(['gt', 'gte', 'lt', 'lte']), value: z.union([text, z.number()]) }),
    z.strictObject({
      property,
      operator: z.literal('in'),
      value: z
        .array(z.union([text, z.number()]))
        .min(1)
        .max(50),
    }),
    z.strictObject({ property, operator: z.literal('exists'), value: z.boolean() }),
  ])
  .meta({ description: 'Numbers are compared as numbers, everything else as text.' });

/** What may change: how it is called, and what a limit by it does. */
const changeable = {
  name: shortText,
  unit: z.string().trim().min(1).max(40).meta({ example: 'call' }),
  limit_behavior: z.enum(['soft', 'hard']).meta({
    description: '`soft`: use beyond the limit is allowed and told. `hard`: it is refused.',
  }),
  when_unreadable: z.enum(['open', 'closed']).meta({
    description: 'Whether use is allowed while the meter cannot be read.',
  }),
};

export const createMeterBody = z
  .strictObject({
    key: meterKey,
    name: changeable.name,
    event_name: eventName,
    filter: z.array(filterClause).max(20).default([]).meta({ description: 'All of them must hold.' }),
    aggregation: z.enum(aggregations),
    property: property.nullable().default(null).meta({
      description: "What is aggregated; null: the event's quantity. `count` has none, `unique` needs one.",
    }),
    unit: changeable.unit.default('unit'),
    limit_behavior: changeable.limit_behavior.default('soft'),
    when_unreadable: changeable.when_unreadable.default('open'),
  })
  .refine(({ aggregation, property: named }) => aggregation !== 'unique' || named !== null, {
    path: ['property'],
    message: 'must name the property whose different values are counted',
  })
  .refine(({ aggregation, property: named }) => aggregation !== 'count' || named === null, {
    path: ['property'],
    message: 'must be absent: events are counted, whatever their properties are; use `filter`',
  })
  .meta({ id: 'CreateMeter' });

export const patchMeterBody = z
  .strictObject(changeable)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'PatchMeter', description: 'What is counted never changes: another count is another meter.' });
export type PatchMeterBody = z.output<typeof patchMeterBody>;

export const listMetersQuery = z.strictObject({ status: z.enum(['active', 'archived']).optional(), ...paging });

export const meter = z
  .object({
    id: z.string(),
    key: z.string(),
    name: z.string(),
    event_name: z.string(),
    filter: z.array(
      z.object({
        property: z.string(),
        operator: z.enum(filterOperators),
        value: z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]),
      }),
    ),
    aggregation: z.enum(aggregations),
    property: z.string().nullable(),
    unit: z.string(),
    limit_behavior: z.enum(['soft', 'hard']),
    when_unreadable: z.enum(['open', 'closed']),
    status: z.enum(['active', 'archived']),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Meter' });
export type MeterAnswer = z.output<typeof meter>;

export const operatorMeter = meter
  .extend({ provider_ids: z.record(z.string(), z.string()).meta({ description: 'Where it was pushed to.' }) })
  .meta({ id: 'OperatorMeter' });
export type OperatorMeterAnswer = z.output<typeof operatorMeter>;

export const recountBody = z
  .strictObject({
    organization_id: organizationId.nullable().default(null).meta({ description: 'null: every organization.' }),
    from: timestamp
      .nullable()
      .default(null)
      .meta({ description: 'From the beginning of its hour; null: from the first.' }),
    to: timestamp.nullable().default(null).meta({ description: 'To the beginning of its hour; null: to the last.' }),
    repair: z.boolean().default(false).meta({ description: 'Have the totals say what the events add up to.' }),
  })
  .meta({ id: 'RecountMeter' });

const recounted = z.object({ events: z.number(), value: z.string().nullable() }).nullable();

export const recount = z
  .object({
    meter_id: z.string(),
    hours: z.int().meta({ description: 'How many hours of organizations were compared.' }),
    different: z.int(),
    repaired: z.boolean(),
    differences: z
      .array(
        z.object({
          organization_id: z.string(),
          hour: time,
          kept: recounted.meta({ description: 'What the totals say; null: nothing.' }),
          counted: recounted.meta({ description: 'What the events add up to; null: nothing.' }),
        }),
      )
      .meta({ description: 'The first thousand.' }),
  })
  .meta({ id: 'MeterRecount' });
export type RecountAnswer = z.output<typeof recount>;

export const pushMetersBody = pushBody('PushMeters', 'all that have meters.');

export const meterPush = z
  .object({
    id: z.string(),
    status: z.enum(['running', 'done']),
    dry_run: z.boolean(),
    why: z.string(),
    steps: z.array(
      z.object({
        meter_id: z.string(),
        meter: z.string(),
        provider: z.string(),
        action: z.enum(['create', 'none', 'conflict', 'not_supported']),
        why: z.string(),
      }),
    ),
  })
  .meta({ id: 'MeterPush' });
export type MeterPushAnswer = z.output<typeof meterPush>;
