import { z } from 'zod';
import { aggregations } from '../../domain/usage/meter.ts';
import type { UsageItemStatus, UsageReportPhase, UsageReportStatus } from '../../domain/usage/report.ts';
import { nullableTime, organizationId, paging, time } from './common.ts';

const reportStatuses = ['requested', 'running', 'succeeded', 'failed'] as const satisfies readonly UsageReportStatus[];
const reportPhases = ['collect', 'send', 'compare', 'done'] as const satisfies readonly UsageReportPhase[];
const itemStatuses = [
  'pending',
  'sending',
  'unknown',
  'reported',
  'rejected',
  'replaced',
] as const satisfies readonly UsageItemStatus[];
const countedAs = ['reported', 'rejected', 'pending'] as const;

export const createUsageReportBody = z.strictObject({});

export const retryUsageReportBody = z.strictObject({
  code: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'Only what was rejected for this reason; without it: all that was.' }),
});

export const listUsageReportsQuery = z.strictObject({ status: z.enum(reportStatuses).optional(), ...paging });

const itemFilter = {
  status: z.enum(itemStatuses).optional(),
  counted_as: z
    .enum(countedAs)
    .optional()
    .meta({ description: 'Where it counts: `pending` is also what is `sending` or `unknown`.' }),
  provider: z.string().max(64).optional().meta({ description: '`none`: what nobody bills.' }),
  organization_id: organizationId.optional(),
  meter: z.string().max(64).optional().meta({ description: 'The meter’s key.' }),
  code: z.string().max(128).optional(),
};
export const listUsageItemsQuery = z.strictObject({ ...itemFilter, ...paging });
export const usageItemsCsvQuery = z.strictObject(itemFilter);
export const listUsageOrganizationsQuery = z.strictObject(paging);

const counts = {
  received: z.int().meta({ description: 'Always `reported + rejected + pending`.' }),
  reported: z.int(),
  rejected: z.int(),
  pending: z.int(),
};
const countsOf = (description: string) => z.object(counts).meta({ description });

const summary = {
  id: z.string(),
  status: z.enum(reportStatuses),
  phase: z.enum(reportPhases).meta({
    description:
      'Events become items, providers are told, providers are asked what they have; where it failed, if it did.',
  }),
  cause: z.enum(['schedule', 'request']),
  actor: z.string(),
  why: z.string().meta({ description: 'How it stands, in a sentence.' }),
  ...counts,
  meter_events: countsOf(
    'As meters count: an event that two meters count is in here twice, one that none counts is not.',
  ),
  items: countsOf('What providers are told, each once: the events of one organization, meter and hour.'),
  differing: z
    .int()
    .nullable()
    .meta({ description: 'Providers’ meters that say something else than they were told; null: not asked yet.' }),
  failure: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
  from: nullableTime.meta({ description: 'It has what was accepted from then on; null: from the beginning.' }),
  to: nullableTime.meta({ description: 'It has what was accepted until then; null: it has not begun.' }),
  created_at: time,
  started_at: nullableTime,
  finished_at: nullableTime,
};
export const usageReportSummary = z.object(summary).meta({ id: 'UsageReportSummary' });
export type UsageReportSummaryAnswer = z.output<typeof usageReportSummary>;

const provider = z.string().nullable().meta({ description: 'null: nobody bills it.' });
const decimal = z.string().meta({ description: 'A decimal as text, exact.', example: '1250.5' });

export const usageOfOrganization = z
  .object({ organization_id: z.string(), ...counts })
  .meta({ id: 'UsageReportOrganization' });
export type UsageOfOrganizationAnswer = z.output<typeof usageOfOrganization>;

const byMeter = z.object({
  ...{ meter_id: z.string(), meter: z.string(), aggregation: z.enum(aggregations), unit: z.string(), ...counts },
  quantity: z
    .object({ reported: decimal, rejected: decimal, pending: decimal })
    .nullable()
    .meta({ description: 'What was added there; null where a meter’s hours do not add up to a sum.' }),
});

const rejection = z.object({
  ...{ provider, code: z.string(), items: z.int(), events: z.int() },
  detail: z.string().nullable().meta({ description: 'The provider’s own words, of one of them.' }),
  why: z.string(),
  fix: z.string(),
});

const difference = z.object({
  ...{ provider: z.string(), organization_id: z.string(), meter_id: z.string(), meter: z.string() },
  ...{ from: time, to: time, ours: decimal, theirs: decimal },
});

export const usageReport = z
  .object({
    ...summary,
    by_provider: z.array(z.object({ provider, ...counts, items: countsOf('Items.') })),
    by_meter: z.array(byMeter),
    by_organization: z
      .array(usageOfOrganization)
      .meta({ description: 'The 20 with the most events; all of them are under `…/organizations`.' }),
    rejected_by_code: z.array(rejection),
    differences: z.array(difference),
  })
  .meta({ id: 'UsageReport' });
export type UsageReportAnswer = z.output<typeof usageReport>;

export const usageReportItem = z
  .object({
    id: z.string().meta({ description: 'The provider knows the item by it.' }),
    report_id: z.string(),
    organization_id: z.string(),
    ...{ meter_id: z.string(), meter: z.string(), unit: z.string() },
    bucket: time.meta({ description: 'The hour, or the start of the billing period where that lies within it.' }),
    value: z.string().nullable().meta({ description: 'Of a meter that counts different values.' }),
    ...{ provider, provider_customer_id: z.string().nullable(), events: z.int(), quantity: decimal },
    occurred_at: time.meta({ description: 'When the newest of its events happened.' }),
    status: z.enum(itemStatuses),
    counted_as: z.enum(countedAs),
    code: z.string().nullable(),
    detail: z.string().nullable().meta({ description: 'The provider’s own words.' }),
    why: z.string().nullable(),
    fix: z.string().nullable().meta({ description: 'What makes it reportable; then retry the report.' }),
    replaces: z.string().nullable().meta({ description: 'The item that this one corrects at the provider.' }),
    attempts: z.int(),
    sent_at: nullableTime,
    reported_at: nullableTime,
    updated_at: time,
  })
  .meta({ id: 'UsageReportItem' });
export type UsageReportItemAnswer = z.output<typeof usageReportItem>;

/** Of the event `usage.reported`. */
export const usageReported = z
  .object({
    ...{ report_id: z.string(), status: z.enum(['succeeded', 'failed']), ...counts },
    providers: z
      .array(z.object({ provider, ...counts }))
      .meta({ description: 'As meters count: an event that two meters count is in here twice.' }),
    differences: z.int().nullable(),
  })
  .meta({ id: 'UsageReported' });
