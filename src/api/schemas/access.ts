import { z } from 'zod';
import { nullableTime, organizationId } from './common.ts';

const name = z.string().min(1).max(255);

export const accessQuery = z
  .strictObject({
    organization_id: organizationId.optional(),
    feature: name.optional().meta({ description: 'A feature of a plan, or a feature flag.' }),
    limit: name.optional().meta({ description: 'The name of a limit, such as a meter.', example: 'api_calls' }),
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
        '`limit_not_included`, `limit_is_zero`.',
    }),
    plan: z.string().nullable().meta({ description: 'The key of the plan that decided.' }),
    limit: z.number().nullable().meta({ description: 'How much in all; null unless asked about a limit.' }),
    used: z.number().nullable(),
    resets_at: nullableTime,
    subscription_id: z.string().nullable(),
  })
  .meta({ id: 'Access' });
export type AccessAnswer = z.output<typeof access>;
