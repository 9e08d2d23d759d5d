import { z } from 'zod';
import { billingInterval, country, currency, paging } from './common.ts';

export const listPlansQuery = z.strictObject({
  currency: currency.optional(),
  country: country.optional(),
  ...paging,
});

export const getPlanQuery = z.strictObject({ currency: currency.optional(), country: country.optional() });
export type GetPlanQuery = z.output<typeof getPlanQuery>;

export const plan = z
  .object({
    id: z.string(),
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    kind: z.enum(['subscription', 'one_time']),
    digital: z.boolean(),
    prices: z.array(
      z.object({
        id: z.string(),
        billing_interval: billingInterval.nullable(),
        amount_minor: z.int(),
        currency: z.string(),
      }),
    ),
    features: z.array(z.string()),
    limits: z.record(z.string(), z.number()),
    contact_url: z.string().nullable(),
    trial_days: z.int().nullable(),
    is_active: z.boolean(),
    is_popular: z.boolean(),
    sort_order: z.int(),
    provider_ids: z.record(z.string(), z.record(z.string(), z.string())).nullable(),
  })
  .meta({ id: 'Plan' });
export type PlanAnswer = z.output<typeof plan>;
