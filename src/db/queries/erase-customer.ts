import type { Db } from '../orm.ts';
import type { CustomerKey } from './customer-records.ts';

const mine = '(project_id, live, organization_id) = (select project_id, live, organization_id from owner)';
const idsOf = (table: string) => `select id from ${table} where ${mine}`;

interface Erasure {
  /** Whose rows are counted. */
  readonly table: string;
  /** Knows `owner`. */
  readonly sql: string;
}

const clear = (table: string, ...columns: readonly string[]): Erasure => ({
  table,
  sql: `update ${table} set ${columns.join(', ')}, updated_at = now() where ${mine}`,
});

const remove = (table: string): Erasure => ({ table, sql: `delete from ${table} where ${mine}` });

/** A URL's path and query may name a person; its origin does not. */
const toOrigin = (column: string) => `${column} = coalesce(substring(${column} from '^https?://[^/?#]+'), '')`;

/** Of the organization's checkouts and subscriptions, and of the customer itself. */
const webhookBodies: Erasure = {
  table: 'webhook_bodies',
  sql: `update provider_events event set body = null, updated_at = now() from owner
    where event.body is not null and event.project_id = owner.project_id and event.live = owner.live and (
      event.checkout_id in (${idsOf('checkouts')})
      or event.delivered_to in (
        select 'checkout/' || id from checkouts where ${mine}
        union all select 'subscription/' || id from subscriptions where ${mine})
      or exists (
        select from (
          select provider, provider_object_id as id from provider_objects
            where entity_id in (${idsOf('checkouts')} union all ${idsOf('subscriptions')})
          union all select provider, provider_customer_id from provider_customers where ${mine}) known
        where known.provider = event.provider and known.id in (
          select event.object_id union all select ref->>'id' from jsonb_array_elements(event.related) as refs (ref))))`,
};

const answered = ['checkouts', 'subscriptions', 'subscription_changes', 'payment_methods', 'refunds'];

/** In this order: webhook bodies first, for they are found by rows that go later. */
const erasures: readonly Erasure[] = [
  webhookBodies,
  clear(
    'checkouts',
    `email = null, name = null, phone = null, billing_address = null, user_id = null, metadata = '{}', voucher = null`,
    `embed_origin = null, ${toOrigin('success_url')}, ${toOrigin('cancel_url')}`,
    `checkout_url = case when status in ('open', 'pending') then checkout_url end, version = version + 1`,
  ),
  clear(
    'subscriptions',
    `user_id = null, metadata = '{}', voucher = null, next_step = null, failure_detail = null, version = version + 1`,
  ),
  clear('subscription_changes', 'reason = null, comment = null, failure_detail = null, version = version + 1'),
  clear('orders', `user_id = null, metadata = '{}', version = version + 1`),
  clear('invoices', 'hosted_url = null, pdf_url = null'),
  clear('refunds', 'failure_detail = null, version = version + 1'),
  clear(
    'payment_methods',
    `status = 'detached', is_default = false, token = null, billing_address = null, next_step = null, brand = null`,
    'last4 = null, exp_month = null, exp_year = null, country = null, version = version + 1',
  ),
  clear('benefit_grants', `properties = '{}', problem = null, version = version + 1`),
  {
    table: 'license_activations',
    sql: `update license_activations set label = '', conditions = '{}'
      where license_key_id in (${idsOf('license_keys')})`,
  },
  clear('license_keys', 'key_sealed = null'),
  {
    // Different values may be people; which of them are the same is kept, for what was billed.
    table: 'usage_report_items',
    sql: `update usage_report_items item set value = item.value_key::text, updated_at = now() from owner, meters meter
      where meter.project_id = owner.project_id and meter.live = owner.live and item.meter_id = meter.id
        and item.organization_id = owner.organization_id and item.value is distinct from item.value_key::text`,
  },
  clear('outbound_events', `data = jsonb_build_object('id', object_id, 'erased', true)`),
  {
    table: 'idempotency_records',
    sql: `delete from idempotency_records where resource_id in (${answered.map(idsOf).join(' union all ')})`,
  },
  {
    table: 'customer_data_sections',
    sql: `delete from customer_data_sections where job_id in (${idsOf('customer_data_jobs')})`,
  },
  {
    // What still gathers must not bring back what is gone.
    table: 'customer_data_exports',
    sql: `update customer_data_jobs set result = null, updated_at = now(),
        failure_code = case status when 'running' then 'customer_erased' else failure_code end,
        status = case status when 'running' then 'failed' else status end
      where kind = 'export' and ${mine}`,
  },
  {
    // What is not counted yet needs its properties: `rollUsageToNow` comes first.
    table: 'usage_events',
    sql: `update usage_events set properties = null where ${mine} and properties is not null
      and xid < (select xid from usage_marks where name = 'rollup')`,
  },
  remove('sessions'),
  remove('portal_links'),
  remove('provider_customers'),
  {
    table: 'organizations',
    sql: `update organizations set name = null, email = null, phone = null, metadata = '{}', updated_at = now()
      where (project_id, live, id) = (select project_id, live, organization_id from owner)`,
  },
];

/** What stays, and why: told to whoever asked for the erasure. */
export const keptByUs: readonly string[] = [
  'Amounts, taxes, dates and numbers of invoices, payments, refunds, disputes and orders, which tax and accounting law has merchants keep.',
  'Which plan was subscribed to and when, and the ids under which the providers keep their own books of it.',
  'How much was used and when, which bills rest on, without the properties of the single events.',
  'The audit log, which names the organization by its id alone.',
  'The organization’s id and country, without which those books would belong to nobody.',
];

/**
 * Takes everything personal out of our tables. Run it in one transaction; again, it finds nothing more.
 *
 * @returns how many rows of each table were changed or deleted.
 */
export async function eraseCustomerRows(tx: Db, owner: CustomerKey): Promise<Readonly<Record<string, number>>> {
  const rows: Record<string, number> = {};
  for (const { table, sql } of erasures) {
    const { affectedRows } = await tx.execute<{ affectedRows: number }>(
      `with owner as (select ?::text as project_id, ?::boolean as live, ?::text as organization_id) ${sql}`,
      [owner.projectId, owner.live, owner.organizationId],
      'run',
    );
    if (affectedRows > 0) rows[table] = affectedRows;
  }
  return rows;
}
