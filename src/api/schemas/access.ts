import { z } from 'zod';
import { nullableTime, organizationId } from './common.ts';

const name = z.string().min(1).max(255);

export const accessQuery = z
  .strictObject({
    organization_id: organizationId.optional(),
    feature: name.optional().meta({ description: 'A feature of a plan, or a feature flag.' }),
    limit: name
      .optional()
      .meta({ description: 'The name of a limit: a meter’s key, where its use is counted.', example: 'api_calls' }),
    plan: name.optional().meta({ description: 'A plan’s key or id.' }),
  })
  .meta({ description: 'At most one of `feature`, `limit` and `plan`; none asks for any entitlement.' });
export type AccessQuery = z.output<typeof accessQuery>;

export const access = z
  .object({
    allowed: z.boolean(),
    reason: z.string().meta({
      description:
        'Why: `subscription_active`, `subscription_past_due_grace`, `order_paid`, `benefit_granted` …; refused: the ' +
        'source’s state, `grace_ended`, `no_subscription`, `plan_not_included`, `feature_not_included`, ' +
        '`limit_not_included`, `limit_is_zero`. Of a metered limit that is used up: `limit_exceeded` (hard, refused), ' +
        '`limit_exceeded_soft` (soft, allowed); `meter_unreadable`: use could not be read, and the meter’s ' +
        '`when_unreadable` decided.',
    }),
    plan: z.string().nullable().meta({ description: 'The key of the plan that decided.' }),
    limit: z.number().nullable().meta({
      description: 'How much in all: what the plan includes, and every credit. null unless asked about a limit.',
    }),
    used: z
      .number()
      .nullable()
      .meta({
        description:
          'Of the limit’s meter, since the subscription’s period began, else since the month did (UTC). The nearest ' +
          'number: whole ones are exact up to 2^53. null without a meter, and while it cannot be read.',
      }),
    used_exact: z.string().nullable().meta({ description: 'The same as a decimal, exact.', example: '1234.5' }),
    remaining: z.number().nullable().meta({ description: 'What is left of the limit, at least 0.' }),
    overage: z.number().nullable().meta({ description: 'What was used beyond the limit, at least 0.' }),
    unit: z.string().nullable().meta({ description: 'The meter’s.' }),
    resets_at: nullableTime.meta({
      description: 'When the subscription’s period ends; of a meter without one, when the month does.',
    }),
    subscription_id: z.string().nullable(),
  })
  .meta({ id: 'Access' });
export type AccessAnswer = z.output<typeof access>;
