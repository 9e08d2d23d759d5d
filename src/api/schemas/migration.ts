import { z } from 'zod';
import { migrationItemStates } from '../../domain/migration/migration.ts';
import { money, nullableTime, organizationId, paging, shortText, time } from './common.ts';

const status = z.enum([
  'requested',
  'inventory',
  'planned',
  'running',
  'paused',
  'aborting',
  'aborted',
  'completed',
  'failed',
]);
const providerId = z.string().min(1).max(64);
const mostMinutes = 129_600;
const minutes = (least: number, most: number) => z.int().min(least).max(most);

export const createMigrationBody = z.strictObject({
  name: shortText,
  from: providerId.meta({ description: 'Whom the customers leave.' }),
  to: providerId.nullish().meta({ description: 'Preferred where it can serve; without it routing alone decides.' }),
  dry_run: z.boolean().meta({ description: 'true: plans with its money, and changes nothing.' }),
  organizations: z
    .array(organizationId)
    .min(1)
    .max(10_000)
    .nullish()
    .meta({ description: 'Only these; without it all.' }),
  csv: z.string().min(1).max(3_000_000).nullish().meta({
    description:
      'Instead of listing the provider: one subscription a line, column `subscription_id`, where known `customer_id` and `organization_id`; other columns are passed over. Status, dates and money are read from the provider.',
  }),
  concurrency: z.int().min(1).max(100).optional().meta({ description: 'Customers worked at side by side; 20.' }),
  notices_per_minute: z.int().min(1).max(10_000).optional().meta({ description: 'Customers told per minute; 60.' }),
  remind_after_minutes: z
    .array(minutes(1, mostMinutes))
    .max(5)
    .optional()
    .meta({ description: 'After the notice, rising, before the deadline; three and seven days.' }),
  deadline_minutes: minutes(1, mostMinutes).optional().meta({ description: 'After the notice; 14 days.' }),
  last_call_minutes: minutes(0, 10_080)
    .optional()
    .meta({ description: 'How long before the paid-through date nobody is moved any more in that period; 6 hours.' }),
  watch_minutes: minutes(1, 43_200)
    .optional()
    .meta({ description: 'How long after the paid-through date the old side must have stayed quiet; 24 hours.' }),
  prices: z
    .record(z.string().min(1).max(128), z.string().min(1).max(64))
    .optional()
    .meta({ description: 'Our price’s id for an offer of the old provider, over what the catalogue’s mapping says.' }),
});
export type CreateMigrationBody = z.output<typeof createMigrationBody>;

export const listMigrationsQuery = z.strictObject({ status: status.optional(), ...paging });
export const listMigrationItemsQuery = z.strictObject({
  state: z.enum(migrationItemStates).optional(),
  organization_id: organizationId.optional(),
  ...paging,
});

const interval = z.enum(['monthly', 'yearly']);

export const migration = z
  .object({
    id: z.string(),
    name: z.string(),
    status: status.meta({ description: 'A dry run ends `planned`.' }),
    from: z.string(),
    to: z.string().nullable(),
    dry_run: z.boolean(),
    source: z.enum(['provider', 'csv']),
    organizations: z.array(z.string()).nullable(),
    settings: z.object({
      concurrency: z.int(),
      notices_per_minute: z.int(),
      remind_after_minutes: z.array(z.int()),
      deadline_minutes: z.int(),
      last_call_minutes: z.int(),
      watch_minutes: z.int(),
      prices: z.record(z.string(), z.string()),
    }),
    routing: z
      .object({ policy: z.string(), policy_version: z.int() })
      .meta({ description: 'As it stood when the migration was asked for: that one plans.' }),
    items: z.object({
      total: z.int(),
      by_state: z.record(z.string(), z.int()).meta({ description: 'A state that nobody is in is absent.' }),
      excluded: z.array(z.object({ code: z.string(), count: z.int() })),
    }),
    money: z
      .array(
        z.object({
          currency: z.string(),
          billing_interval: interval,
          customers: z.int(),
          amount_minor: z.int().meta({ description: 'What they will pay per interval, before tax.' }),
          difference_minor: z
            .int()
            .meta({ description: 'Against what they pay now, of those whose currency and interval stay.' }),
          not_comparable: z.int().meta({ description: 'Customers whose currency or interval changes.' }),
        }),
      )
      .meta({ description: 'Of all that are planned to move.' }),
    failure: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
    why: z.string().meta({ description: 'How it stands, in a sentence.' }),
    actor: z.string(),
    created_at: time,
    started_at: nullableTime,
    finished_at: nullableTime,
  })
  .meta({ id: 'Migration' });
export type MigrationAnswer = z.output<typeof migration>;

const legacy = z.object({
  provider_subscription_id: z.string(),
  provider_customer_id: z.string().nullable(),
  status: z.string(),
  offer_id: z.string().nullable(),
  quantity: z.int(),
  amount: money.nullable(),
  billing_interval: interval.nullable(),
  period_start: nullableTime,
  paid_through: nullableTime,
  cancel_at_period_end: z.boolean(),
});

const move = z.object({
  plan_id: z.string(),
  price_id: z.string(),
  provider: z.string(),
  rule: z.string().meta({ description: 'Of the routing policy.' }),
  quantity: z.int(),
  amount: money.meta({ description: 'Per interval, before tax.' }),
  first_charge_at: time,
  difference_minor: z.int().nullable().meta({ description: 'Per interval, against now; null: not comparable.' }),
});

export const migrationItem = z
  .object({
    id: z.string(),
    migration_id: z.string(),
    organization_id: z.string().nullable(),
    subscription_id: z.string().nullable().meta({ description: 'Our row of the old one.' }),
    state: z.enum(migrationItemStates),
    code: z.string().nullable().meta({ description: 'Why it is excluded, or ended as it did.' }),
    why: z.string().meta({ description: 'How it stands, in a sentence.' }),
    legacy: legacy.meta({ description: 'What it was at the old provider when it was last read.' }),
    plan: move.nullable().meta({ description: 'null: it has no verdict yet, or is not moved.' }),
    paid_through: nullableTime.meta({ description: 'Where the new provider’s first charge falls.' }),
    checkout_id: z.string().nullable(),
    new_provider: z.string().nullable(),
    new_subscription_id: z.string().nullable(),
    notified_at: nullableTime,
    reminders_sent: z.int(),
    deadline_at: nullableTime,
    moved_at: nullableTime,
    canceling_at: nullableTime.meta({ description: 'The point of no return: from here there is only forward.' }),
    canceled_at: nullableTime,
    first_charge_at: nullableTime,
    first_payment_id: z.string().nullable(),
    created_at: time,
    updated_at: time,
    finished_at: nullableTime,
  })
  .meta({ id: 'MigrationItem' });
export type MigrationItemAnswer = z.output<typeof migrationItem>;
