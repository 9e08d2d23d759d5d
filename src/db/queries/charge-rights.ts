import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';
import type { MigrationItem } from '../entities/migration.ts';

/** Whose rights: one item's organization and plan, and who charges for it before it moves. */
export interface RightsOf {
  readonly item: Pick<MigrationItem, 'id' | 'projectId' | 'live' | 'organizationId' | 'providerSubscriptionId'>;
  readonly planId: string;
  readonly oldProvider: string;
}

/** Periods as ISO 8601 UTC. */
export interface RightPeriods {
  readonly periodStart: string;
  readonly paidThrough: string;
  readonly nextEnd: string;
}

/**
 * Writes down who may charge for what: the running period is charged by the old provider, and the next is the old one's
 * until it is handed over. Again with later dates, after a renewal, moves on by a period.
 *
 * @returns false: somebody else holds the next period, and nothing of this may be relied on.
 */
export async function keepRights(tx: Db, of: RightsOf, periods: RightPeriods): Promise<boolean> {
  const { item, planId, oldProvider } = of;
  const owner = [item.projectId, item.live, item.organizationId, planId];
  // An earlier migration of the same subscription left them with the old provider, where they are.
  await tx.execute(
    `update charge_rights set status = 'released', version = version + 1, updated_at = now()
     where project_id = ? and live = ? and organization_id = ? and plan_id = ? and provider = ?
       and provider_subscription_id = ? and status <> 'released' and migration_item_id <> ?`,
    [...owner, oldProvider, item.providerSubscriptionId, item.id],
    'run',
  );
  await tx.execute(
    `update charge_rights set status = 'released', version = version + 1, updated_at = now()
     where migration_item_id = ? and status = 'held' and provider = ? and (period_start, period_end) <> (?, ?)`,
    [item.id, oldProvider, periods.paidThrough, periods.nextEnd],
    'run',
  );
  const [covered] = await tx.execute<{ until: string | null }[]>(
    `select max(period_end)::text as until from charge_rights where migration_item_id = ? and status = 'charged'`,
    [item.id],
  );
  const untilMs = covered?.until == null ? 0 : Date.parse(covered.until);
  const start = new Date(Math.max(untilMs, Date.parse(periods.periodStart))).toISOString();
  if (Date.parse(start) < Date.parse(periods.paidThrough))
    await insertRight(tx, of, { start, end: periods.paidThrough, status: 'charged' });
  return insertRight(tx, of, { start: periods.paidThrough, end: periods.nextEnd, status: 'held' });
}

async function insertRight(
  tx: Db,
  { item, planId, oldProvider }: RightsOf,
  right: { readonly start: string; readonly end: string; readonly status: 'held' | 'charged' },
): Promise<boolean> {
  const owner = [item.projectId, item.live, item.organizationId, planId];
  const kept = await tx.execute<object[]>(
    `with kept as (
       insert into charge_rights (id, project_id, live, organization_id, plan_id, period_start, period_end, provider,
         provider_subscription_id, migration_item_id, status)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing returning id)
     select id from kept union all
     select id from charge_rights where migration_item_id = ? and period_start = ? and period_end = ? and status = ?`,
    [
      ...[newId('cr'), ...owner, right.start, right.end, oldProvider, item.providerSubscriptionId, item.id, right.status],
      ...[item.id, right.start, right.end, right.status],
    ],
  );
  return kept.length > 0;
}

/**
 * Hands the next period over: compare and set, in the transaction that records that the old one ends.
 *
 * @param input.coveredBy The old provider's newest charge, which paid the period that ends.
 * @returns false: it was not the old one's to give.
 */
export async function transferRight(
  tx: Db,
  of: RightsOf,
  input: { readonly provider: string; readonly providerSubscriptionId: string | null; readonly coveredBy: string },
): Promise<boolean> {
  await tx.execute(
    `update charge_rights set payment_id = ?, version = version + 1, updated_at = now() where id = (
       select id from charge_rights where migration_item_id = ? and status = 'charged' and provider = ?
       order by period_end desc limit 1)`,
    [input.coveredBy, of.item.id, of.oldProvider],
    'run',
  );
  const moved = await tx.execute<object[]>(
    `update charge_rights set provider = ?, provider_subscription_id = ?, version = version + 1, updated_at = now()
     where migration_item_id = ? and status = 'held' and provider = ? returning id`,
    [input.provider, input.providerSubscriptionId, of.item.id, of.oldProvider],
  );
  return moved.length === 1;
}

/** The new provider has charged for the period it held. */
export async function noteRightCharged(tx: Db, itemId: string, provider: string, paymentId: string): Promise<void> {
  await tx.execute(
    `update charge_rights set status = 'charged', payment_id = ?, version = version + 1, updated_at = now()
     where migration_item_id = ? and provider = ? and status = 'held'`,
    [paymentId, itemId, provider],
    'run',
  );
}

/** Its customer has left: nobody may charge for what is to come. */
export async function releaseRights(tx: Db, itemId: string): Promise<void> {
  await tx.execute(
    `update charge_rights set status = 'released', version = version + 1, updated_at = now()
     where migration_item_id = ? and status = 'held'`,
    [itemId],
    'run',
  );
}

/** The charge that paid the period in which the old one was cancelled; null: it is not cancelled yet. */
export async function findCoveringCharge(em: Db, itemId: string, oldProvider: string): Promise<string | null> {
  const [row] = await em.execute<{ payment_id: string | null }[]>(
    `select payment_id from charge_rights where migration_item_id = ? and provider = ? and status = 'charged'
     order by period_end desc limit 1`,
    [itemId, oldProvider],
  );
  return row?.payment_id ?? null;
}
