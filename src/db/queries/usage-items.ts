import type { Aggregation } from '../../domain/usage/meter.ts';
import type { UsageItemStatus } from '../../domain/usage/report.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** An item as sending sees it. Times in ms since 1970. */
export interface SendItem {
  readonly id: string;
  readonly organizationId: string;
  readonly meterId: string;
  readonly meterKey: string;
  readonly aggregation: Aggregation;
  readonly bucketMs: number;
  readonly value: string | null;
  readonly providerCustomerId: string;
  /** A decimal without zeros at its end. */
  readonly quantity: string;
  readonly occurredAtMs: number;
  readonly status: UsageItemStatus;
  readonly replaces: string | null;
  readonly events: number;
  readonly attempts: number;
  readonly generation: number;
  readonly sentAtMs: number | null;
  readonly reportedAtMs: number | null;
}

const msOf = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

const columns = `item.id, item.organization_id as "organizationId", item.meter_id as "meterId", meter.key as "meterKey",
  meter.aggregation, ${msOf('item.bucket')} as "bucketMs", item.value, item.provider_customer_id as "providerCustomerId",
  trim_scale(item.quantity)::text as quantity, ${msOf('item.occurred_at')} as "occurredAtMs", item.status, item.replaces,
  item.events::float8 as events, item.attempts, item.generation, ${msOf('item.sent_at')} as "sentAtMs",
  ${msOf('item.reported_at')} as "reportedAtMs"`;

export interface ProviderScope extends Scope {
  readonly provider: string;
}

/**
 * The next items that are still to be told to a provider, in order of their ids: of this report and of what earlier ones
 * left. Those of the next minutes wait until then; those that were asked about since `askedSince` were asked enough.
 *
 * @param page.after The last one of the page before; empty: from the beginning.
 */
export function listOpenItems(
  em: Db,
  { projectId, live, provider }: ProviderScope,
  page: { readonly after: string; readonly limit: number; readonly askedSince: Date },
): Promise<readonly SendItem[]> {
  return em.execute<SendItem[]>(
    `select ${columns} from usage_report_items item join meters meter on meter.id = item.meter_id
     where item.project_id = ? and item.live = ? and item.provider = ? and item.id > ?
       and item.status in ('pending', 'sending', 'unknown') and item.provider_customer_id is not null
       and item.occurred_at <= now() and (item.status <> 'unknown' or item.updated_at < ?)
     order by item.id limit ?`,
    [projectId, live, provider, page.after, page.askedSince, page.limit],
  );
}

/** Everything of the organization's meter that may be at the provider between two instants, by when it occurred. */
export function listItemsBetween(
  em: Db,
  { projectId, live, provider }: ProviderScope,
  query: {
    readonly organizationId: string;
    readonly meterId: string;
    readonly providerCustomerId: string;
    readonly fromMs: number;
    readonly toMs: number;
  },
): Promise<readonly SendItem[]> {
  const { organizationId, meterId, providerCustomerId, fromMs, toMs } = query;
  return em.execute<SendItem[]>(
    `select ${columns} from usage_report_items item join meters meter on meter.id = item.meter_id
     where item.meter_id = ? and item.organization_id = ? and item.project_id = ? and item.live = ?
       and item.provider = ? and item.provider_customer_id = ?
       and item.bucket >= to_timestamp(?) - interval '1 hour' and item.bucket < to_timestamp(?)
       and item.occurred_at >= to_timestamp(?) and item.occurred_at < to_timestamp(?)
     order by item.id`,
    [
      ...[meterId, organizationId, projectId, live, provider, providerCustomerId],
      ...[fromMs / 1_000, toMs / 1_000, fromMs / 1_000, toMs / 1_000],
    ],
  );
}

/** What else was made of the same organization's meter and bucket for the same customer. */
export function listItemsBeside(em: Db, scope: ProviderScope, item: SendItem): Promise<readonly SendItem[]> {
  return em.execute<SendItem[]>(
    `select ${columns} from usage_report_items item join meters meter on meter.id = item.meter_id
     where item.meter_id = ? and item.organization_id = ? and item.bucket = to_timestamp(?) and item.project_id = ?
       and item.live = ? and item.provider = ? and item.provider_customer_id = ? and item.id <> ?`,
    [
      ...[item.meterId, item.organizationId, item.bucketMs / 1_000, scope.projectId],
      ...[scope.live, scope.provider, item.providerCustomerId, item.id],
    ],
  );
}

/**
 * Writes that items are being sent, before they are. What has been rejected or settled meanwhile is left out.
 *
 * @returns those that may be sent.
 */
export async function markSending(em: Db, items: readonly SendItem[]): Promise<ReadonlySet<string>> {
  const rows = await em.execute<{ readonly id: string }[]>(
    `update usage_report_items item set status = 'sending', attempts = item.attempts + 1, version = item.version + 1,
       updated_at = now(), sent_at = case when item.status = 'sending' then coalesce(item.sent_at, now()) else now() end
     from jsonb_to_recordset(?::jsonb) as sent (id text, generation integer)
     where item.id = sent.id and item.generation = sent.generation and item.status in ('pending', 'sending')
     returning item.id`,
    [JSON.stringify(items.map(({ id, generation }) => ({ id, generation })))],
  );
  return new Set(rows.map(({ id }) => id));
}

/** What became of an item, as it was read with this status and generation. */
export interface ItemOutcome {
  readonly item: Pick<SendItem, 'id' | 'status' | 'generation' | 'events'>;
  readonly status: 'reported' | 'rejected' | 'unknown' | 'pending';
  readonly code?: string | null;
  readonly detail?: string | null;
  /** The provider shall know it by another name from now on. */
  readonly isRenamed?: boolean;
}

/**
 * Writes what became of items, each only where it still stands as it was read: a refusal that came meanwhile stays.
 *
 * @returns the ids of those that were changed.
 */
export async function settleItems(em: Db, outcomes: readonly ItemOutcome[]): Promise<ReadonlySet<string>> {
  if (outcomes.length === 0) return new Set();
  const rows = await em.execute<{ readonly id: string }[]>(
    `update usage_report_items item set status = became.status, code = became.code, detail = became.detail,
       generation = item.generation + case when became.renamed then 1 else 0 end,
       reported_at = case when became.status = 'reported' then now() end,
       sent_at = case when became.status in ('pending', 'rejected') then null else item.sent_at end,
       -- What a rejected correction was about to replace still stands.
       replaces = case when became.status = 'rejected' and exists (
         select from usage_report_items old where old.id = item.replaces and old.status <> 'replaced')
         then null else item.replaces end,
       version = item.version + 1, updated_at = now()
     from jsonb_to_recordset(?::jsonb)
       as became (id text, generation integer, was text, status text, code text, detail text, renamed boolean)
     where item.id = became.id and item.generation = became.generation and item.status = became.was
     returning item.id`,
    [
      JSON.stringify(
        outcomes.map(({ item, status, code = null, detail = null, isRenamed = false }) => ({
          ...{ id: item.id, generation: item.generation, was: item.status },
          ...{ status, code, detail, renamed: isRenamed },
        })),
      ),
    ],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Writes which item a correction is about to take the place of, before that one is taken back. @returns whether it may. */
export async function markReplacing(em: Db, item: SendItem, replaced: SendItem): Promise<boolean> {
  const { affectedRows } = await em.execute<{ affectedRows: number }>(
    `update usage_report_items set replaces = ?, version = version + 1, updated_at = now()
     where id = ? and status = 'pending' and generation = ?`,
    [replaced.id, item.id, item.generation],
    'run',
  );
  return affectedRows === 1;
}

/**
 * Writes that an item was taken back at the provider, and that a correction carries its quantity on: both or neither. One
 * that leaves nothing to tell is reported by that.
 *
 * @returns whether both stood as they were read.
 */
export async function replaceItem(em: Db, item: SendItem, replaced: SendItem): Promise<boolean> {
  return em.transactional(async (tx) => {
    const taken = await tx.execute<{ affectedRows: number }>(
      `update usage_report_items set status = 'replaced', version = version + 1, updated_at = now()
       where id = ? and status = 'reported' and generation = ?`,
      [replaced.id, replaced.generation],
      'run',
    );
    if (taken.affectedRows === 0) {
      // Refused by the provider meanwhile: there is another plan for the correction now.
      await tx.execute(
        `update usage_report_items set replaces = null, version = version + 1 where id = ? and status = 'pending'`,
        [item.id],
        'run',
      );
      return false;
    }
    await tx.execute(
      `update usage_report_items item set quantity = item.quantity + replaced.quantity, version = item.version + 1,
         updated_at = now(), status = case when item.quantity + replaced.quantity = 0 then 'reported' else 'pending' end,
         reported_at = case when item.quantity + replaced.quantity = 0 then now() end
       from usage_report_items replaced
       where item.id = ? and replaced.id = ? and item.status = 'pending' and item.replaces = replaced.id`,
      [item.id, replaced.id],
      'run',
    );
    return true;
  });
}

/** An item that a provider received and then refused, by the name that is spent. */
export interface RefusedItem {
  readonly id: string;
  readonly generation: number;
  readonly code: string;
}

/**
 * Writes that items were refused after they had been received, also where the answer to their sending is not written yet.
 * Each gets its next name with it, so the same refusal again finds nothing.
 *
 * @returns how many were.
 */
export async function refuseItems(
  em: Db,
  { projectId, live, provider }: ProviderScope,
  refused: readonly RefusedItem[],
): Promise<number> {
  if (refused.length === 0) return 0;
  const { affectedRows } = await em.execute<{ affectedRows: number }>(
    `update usage_report_items item set status = 'rejected', code = refused.code, detail = null, sent_at = null,
       reported_at = null, generation = item.generation + 1, version = item.version + 1, updated_at = now()
     from jsonb_to_recordset(?::jsonb) as refused (id text, generation integer, code text)
     where item.id = refused.id and item.generation = refused.generation and item.project_id = ? and item.live = ?
       and item.provider = ? and item.status in ('sending', 'unknown', 'reported')`,
    [JSON.stringify(refused), projectId, live, provider],
    'run',
  );
  return affectedRows;
}
