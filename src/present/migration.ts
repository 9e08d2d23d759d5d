import type { MigrationAnswer, MigrationItemAnswer } from '../api/schemas/migration.ts';
import type { Migration, MigrationItem } from '../db/entities/migration.ts';
import type { MigrationSummary } from '../db/queries/migration-summary.ts';
import type { LegacySubscription, MigrationPlan } from '../domain/migration/migration.ts';
import { storyOf } from '../domain/migration/story.ts';
import { isoOrNull, moneyOrNull, toMoney } from './values.ts';

/** @param summary What its items come to; absent: it has none yet. */
export function presentMigration(row: Migration, summary: MigrationSummary | undefined): MigrationAnswer {
  const items = summary?.items ?? {};
  const { settings } = row;
  const { policy } = settings.routing;
  return {
    ...{ id: row.id, name: row.name, status: row.status, from: row.fromProvider, to: row.toProvider },
    ...{ dry_run: row.dryRun, source: row.source, organizations: row.organizations },
    settings: {
      concurrency: settings.concurrency,
      notices_per_minute: settings.noticesPerMinute,
      remind_after_minutes: [...settings.remindAfterMinutes],
      deadline_minutes: settings.deadlineMinutes,
      last_call_minutes: settings.lastCallMinutes,
      watch_minutes: settings.watchMinutes,
      prices: settings.prices,
    },
    routing: { policy: policy.name, policy_version: policy.version },
    items: {
      total: Object.values(items).reduce((sum, count) => sum + count, 0),
      by_state: items,
      excluded: [...(summary?.excluded ?? [])],
    },
    money: (summary?.money ?? []).map((sum) => ({
      ...{ currency: sum.currency, billing_interval: sum.billingInterval, customers: sum.customers },
      ...{ amount_minor: sum.amountMinor, difference_minor: sum.differenceMinor, not_comparable: sum.notComparable },
    })),
    failure: row.failureCode === null ? null : { code: row.failureCode, detail: detailOf(row.failureDetail) },
    why: row.failureCode === null ? storyOf(row.status, items) : `failed: ${row.failureCode}`,
    actor: row.actor,
    created_at: row.createdAt.toISOString(),
    started_at: isoOrNull(row.startedAt),
    finished_at: isoOrNull(row.finishedAt),
  };
}

export function presentMigrationItem(row: MigrationItem): MigrationItemAnswer {
  return {
    ...{ id: row.id, migration_id: row.migrationId, organization_id: row.organizationId },
    ...{ subscription_id: row.subscriptionId, state: row.state, code: row.code, why: whyOf(row) },
    ...{ legacy: presentLegacy(row.legacy), plan: presentPlan(row.plan), paid_through: isoOrNull(row.paidThrough) },
    ...{ checkout_id: row.checkoutId, new_provider: row.newProvider, new_subscription_id: row.newSubscriptionId },
    ...{ notified_at: isoOrNull(row.notifiedAt), reminders_sent: row.remindersSent },
    ...{ deadline_at: isoOrNull(row.deadlineAt), moved_at: isoOrNull(row.movedAt) },
    ...{ canceling_at: isoOrNull(row.cancelingAt), canceled_at: isoOrNull(row.canceledAt) },
    ...{ first_charge_at: isoOrNull(row.firstChargeAt), first_payment_id: row.firstPaymentId },
    ...{ created_at: row.createdAt.toISOString(), updated_at: row.updatedAt.toISOString() },
    finished_at: isoOrNull(row.finishedAt),
  };
}

function presentLegacy(legacy: LegacySubscription): MigrationItemAnswer['legacy'] {
  const { interval } = legacy;
  return {
    provider_subscription_id: legacy.providerSubscriptionId,
    provider_customer_id: legacy.providerCustomerId === '' ? null : legacy.providerCustomerId,
    ...{ status: legacy.status, offer_id: legacy.offerId, quantity: legacy.quantity },
    amount: moneyOrNull(legacy.amountMinor, legacy.currency),
    billing_interval: interval && (interval === 'month' ? 'monthly' : 'yearly'),
    ...{ period_start: legacy.periodStart, paid_through: legacy.paidThrough },
    cancel_at_period_end: legacy.cancelAtPeriodEnd,
  };
}

function presentPlan(plan: MigrationPlan | null): MigrationItemAnswer['plan'] {
  if (plan?.action !== 'move') return null;
  return {
    ...{ plan_id: plan.planId, price_id: plan.priceId, provider: plan.provider, rule: plan.rule },
    ...{ quantity: plan.quantity, amount: toMoney(plan.amountMinor, plan.currency) },
    ...{ first_charge_at: plan.firstChargeAt, difference_minor: plan.differenceMinor },
  };
}

function whyOf({ state, because, plan, paidThrough, newProvider }: MigrationItem): string {
  if (because !== null) return because;
  const where = newProvider ?? (plan?.action === 'move' ? plan.provider : 'the new provider');
  const until = isoOrNull(paidThrough) ?? 'its period’s end';
  switch (state) {
    case 'found':
      return 'it was found at the old provider';
    case 'planned':
      return `its customer is to be told; ${where} charges first at ${until}`;
    case 'notified':
      return 'its customer has been told, and has not acted yet';
    case 'opened':
      return `its customer has opened a checkout at ${where}`;
    case 'moved':
      return `it is paid at ${where}; its first charge there is set to ${until}`;
    case 'canceling':
      return 'the old provider is asked to end it with its period';
    case 'watching':
      return `the old one ends with its period; the first charge at ${where} is awaited at ${until}`;
    case 'done':
      return `${where} has charged, and the old provider has not`;
    case 'kept':
      return 'its customer did not act, and stays';
    case 'left':
      return 'its customer has left by themselves';
    case 'rolled_back':
      return 'it was led back before the old one was touched';
    case 'excluded':
    case 'attention':
      return 'a person decides';
  }
}

function detailOf(detail: Readonly<Record<string, unknown>> | null): string | null {
  return typeof detail?.message === 'string' ? detail.message : null;
}
