import { z } from 'zod';
import { nullableTime, organizationId, time } from './common.ts';

export const portalQuery = z.strictObject({
  organization_id: organizationId.optional(),
  return_url: z
    .string()
    .max(2_048)
    .optional()
    .meta({ description: "Where the portal leads back to; in one of the project's origins." }),
});

export const portal = z
  .object({
    portal_url: z.string().meta({ description: 'For one visit: redirect to it, never store it.' }),
    provider: z.string().nullable().meta({ description: 'Whose portal it is; null: our own page.' }),
    expires_at: nullableTime.meta({ description: 'null: the provider does not tell.' }),
  })
  .meta({ id: 'Portal' });

export const customerDataQuery = z.strictObject({ organization_id: organizationId.optional() });

export const eraseCustomerQuery = z.strictObject({
  organization_id: organizationId,
  cancel_subscriptions: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Ends live subscriptions now, without a refund, instead of refusing.' }),
});

const rows = z.array(z.record(z.string(), z.unknown()));

/** Everything that we and the providers tell of one organization. */
export const customerData = z
  .object({
    job_id: z.string(),
    organization_id: z.string(),
    exported_at: time,
    organization: z.record(z.string(), z.unknown()).nullable(),
    subscriptions: rows,
    subscription_changes: rows,
    checkouts: rows,
    orders: rows,
    invoices: rows,
    payments: rows,
    refunds: rows,
    disputes: rows,
    payment_methods: rows,
    benefits: rows,
    license_keys: rows,
    license_activations: rows,
    entitlements: rows,
    usage: rows.meta({
      description:
        '`kind` `meter`: what was used of each meter in all; `report_item`: the newest 1,000 that providers were told. Single events: `GET /billing/usage/events`.',
    }),
    sessions: rows,
    portal_links: rows,
    provider_customers: rows,
    events: rows,
    audit: rows,
    providers: z.record(z.string(), z.unknown()).meta({
      description:
        'By provider: what it tells, in its own form; `{ "unavailable": code }` where it could not be asked.',
    }),
  })
  .meta({ id: 'CustomerData' });
export type CustomerDataAnswer = z.output<typeof customerData>;

export const customerDataJob = z
  .object({
    id: z.string(),
    kind: z.enum(['export', 'erasure']),
    organization_id: z.string(),
    status: z.enum(['running', 'done', 'failed']),
    failure_code: z.string().nullable(),
    summary: z.object({
      rows: z.record(z.string(), z.int()).meta({ description: 'By table: exported, or changed by the erasure.' }),
      providers: z.record(
        z.string(),
        z.object({
          outcome: z.enum(['exported', 'unavailable', 'erased', 'anonymized', 'archived', 'not_found']),
          retained: z.array(z.string()).meta({ description: 'What the provider keeps, and why.' }),
        }),
      ),
      kept: z.array(z.string()).meta({ description: 'What we keep after an erasure, and why.' }),
    }),
    created_at: time,
    finished_at: nullableTime,
    expires_at: nullableTime.meta({ description: 'When the result of an export is deleted.' }),
    result: customerData.nullable(),
  })
  .meta({ id: 'CustomerDataJob' });
export type CustomerDataJobAnswer = z.output<typeof customerDataJob>;
