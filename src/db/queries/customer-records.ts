import type { Db } from '../orm.ts';

/** Of whom. */
export interface CustomerKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
}

/** A row as the table has it, in snake_case. */
export type CustomerRow = Readonly<Record<string, unknown>>;

interface Section {
  /** Selects rows of `owner`, each with its time as `ordered_by`. */
  readonly sql: string;
  /** Columns that are secrets. */
  readonly without?: readonly string[];
}

const bookkeeping = ['project_id', 'live', 'version', 'request_fingerprint', 'ordered_by'];

const of = (table: string, ...without: readonly string[]): Section => ({
  sql: `select entry.*, entry.created_at as ordered_by from ${table} entry
    join owner using (project_id, live, organization_id)`,
  without,
});

/** Every table that has something of an organization. Rows are told as they stand: a new column is told by itself. */
const sections: Readonly<Record<string, Section>> = {
  subscriptions: of('subscriptions', 'next_step'),
  subscription_changes: of('subscription_changes'),
  checkouts: of('checkouts'),
  orders: of('orders'),
  invoices: of('invoices'),
  payments: of('payments'),
  refunds: of('refunds'),
  disputes: of('disputes'),
  payment_methods: of('payment_methods', 'token', 'next_step'),
  benefits: {
    sql: `select entry.*, benefit.type, benefit.description, entry.created_at as ordered_by
      from benefit_grants entry join owner using (project_id, live, organization_id)
      join benefits benefit on benefit.project_id = entry.project_id and benefit.id = entry.benefit_id`,
  },
  license_keys: of('license_keys', 'key_hash', 'key_sealed'),
  license_activations: {
    sql: `select activation.*, activation.created_at as ordered_by
      from license_activations activation join license_keys entry on entry.id = activation.license_key_id
      join owner using (project_id, live, organization_id)`,
  },
  entitlements: of('entitlements'),
  sessions: of('sessions', 'token_hash'),
  portal_links: of('portal_links', 'token_hash'),
  provider_customers: of('provider_customers'),
  events: of('outbound_events', 'sequence'),
  audit: {
    sql: `select entry.*, entry.at as ordered_by from audit_log entry join owner using (project_id, live)
      where entry.entity_id in (
        select owner.organization_id
        union select id from subscriptions join owner using (project_id, live, organization_id)
        union select id from checkouts join owner using (project_id, live, organization_id)
        union select id from invoices join owner using (project_id, live, organization_id)
        union select id from refunds join owner using (project_id, live, organization_id)
        union select id from payment_methods join owner using (project_id, live, organization_id))`,
  },
};

/** The organization's own row, and every row of ours about it, by section and oldest first. */
export async function readCustomerRecords(em: Db, owner: CustomerKey) {
  const records: Record<string, readonly CustomerRow[]> = {};
  for (const [name, section] of Object.entries(sections)) records[name] = await readRows(em, owner, section);
  const [organization] = await readRows(em, owner, {
    sql: `select entry.*, entry.created_at as ordered_by from organizations entry
      join owner on owner.project_id = entry.project_id and owner.live = entry.live and owner.organization_id = entry.id`,
  });
  return { organization: organization ?? null, records };
}

async function readRows(em: Db, owner: CustomerKey, { sql, without = [] }: Section): Promise<readonly CustomerRow[]> {
  const rows = await em.execute<{ entry: CustomerRow }[]>(
    `with owner as (select ?::text as project_id, ?::boolean as live, ?::text as organization_id)
     select to_jsonb(found) - ?::text[] as entry from (${sql}) found order by ordered_by`,
    [owner.projectId, owner.live, owner.organizationId, `{${[...bookkeeping, ...without].join(',')}}`],
  );
  return rows.map(({ entry }) => entry);
}
