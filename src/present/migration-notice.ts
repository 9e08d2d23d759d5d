import type { Migration, MigrationItem } from '../db/entities/migration.ts';
import type { MigrationPlan } from '../domain/migration/migration.ts';
import type { MigrationNotice } from '../api/schemas/migration-notice.ts';
import { isoOrNull, toMoney } from './values.ts';

/** @param link null: there is nothing for the customer to do. */
export function presentMigrationNotice(
  item: MigrationItem,
  migration: Pick<Migration, 'fromProvider'>,
  plan: Extract<MigrationPlan, { action: 'move' }>,
  link: string | null,
): MigrationNotice {
  const paidThrough = isoOrNull(item.paidThrough) ?? plan.firstChargeAt;
  return {
    id: item.id,
    migration_id: item.migrationId,
    organization_id: item.organizationId ?? '',
    plan_id: plan.planId,
    quantity: plan.quantity,
    from_provider: migration.fromProvider,
    to_provider: item.newProvider ?? plan.provider,
    link,
    deadline_at: isoOrNull(item.deadlineAt),
    paid_through: paidThrough,
    first_charge_at: paidThrough,
    amount: toMoney(plan.amountMinor, plan.currency),
    difference_minor: plan.differenceMinor,
    reminders_sent: item.remindersSent,
  };
}
