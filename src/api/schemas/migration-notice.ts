import { z } from 'zod';
import { money, nullableTime, time } from './common.ts';

/** What an app is told to tell a customer who is asked to change providers. */
export const migrationNotice = z
  .object({
    id: z.string(),
    migration_id: z.string(),
    organization_id: z.string(),
    plan_id: z.string(),
    quantity: z.int(),
    from_provider: z.string(),
    to_provider: z.string(),
    link: z.string().nullable().meta({
      description: 'The page where the customer changes over; a credential for this one move. null: no longer needed.',
    }),
    deadline_at: nullableTime.meta({ description: 'Until when the customer can act; then everything stays as it is.' }),
    paid_through: time.meta({ description: 'Until when the customer has paid; nothing is charged before.' }),
    first_charge_at: time,
    amount: money.meta({ description: 'Per billing interval from then on, before tax.' }),
    difference_minor: z.int().nullable().meta({ description: 'More (or less) than before; null: not comparable.' }),
    reminders_sent: z.int(),
  })
  .meta({ id: 'MigrationNotice' });
export type MigrationNotice = z.output<typeof migrationNotice>;
