import { Migration } from '@mikro-orm/migrations';

const owned = `
  project_id text not null references projects (id),
  live boolean not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()`;

const ofOrganization = `
  organization_id text not null,
  ${owned},
  foreign key (project_id, live, organization_id) references organizations (project_id, live, id)`;

/** What apps are told, what customers see of themselves, and how they are forgotten. */
export class OutboundAndCustomerData extends Migration {
  override up(): void {
    for (const statement of [...outbound, ...customerData]) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table if exists ${tables.toReversed().join(', ')} cascade`);
    this.addSql('drop index if exists audit_log_of_project');
    this.addSql('drop function if exists wake_outbound_relay');
  }
}

const tables = [
  'outbound_endpoints',
  'outbound_events',
  'outbound_deliveries',
  'customer_data_jobs',
  'customer_data_sections',
  'portal_links',
];

const outbound = [
  `create table outbound_endpoints (
    id text primary key,
    url text not null,
    description text,
    event_types text[] not null default '{}',
    secrets bytea not null,
    status text not null check (status in ('enabled', 'disabled')),
    disabled_reason text,
    failing_since timestamptz,
    deleted_at timestamptz,
    ${owned},
    unique (project_id, id)
  )`,
  'create index on outbound_endpoints (project_id, live)',
  `create table outbound_events (
    id text primary key,
    sequence bigint generated always as identity unique,
    type text not null,
    object_kind text not null,
    object_id text not null,
    data jsonb not null,
    occurred_at timestamptz not null default now(),
    ${ofOrganization}
  )`,
  'alter table outbound_events alter column organization_id drop not null', // a test of an endpoint is about nobody
  'create index on outbound_events (project_id, live, sequence desc)',
  'create index on outbound_events (project_id, object_id, sequence)',
  'create index on outbound_events (occurred_at)',
  `create table outbound_deliveries (
    event_id text not null references outbound_events (id),
    endpoint_id text not null references outbound_endpoints (id),
    sequence bigint not null,
    object_id text not null,
    status text not null check (status in ('waiting', 'delivered', 'failed', 'canceled')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    claimed_until timestamptz,
    response_status integer,
    last_error text,
    delivered_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (event_id, endpoint_id)
  )`,
  `create index outbound_deliveries_due on outbound_deliveries (endpoint_id, next_attempt_at, sequence)
    where status = 'waiting'`,
  `create index outbound_deliveries_in_order on outbound_deliveries (endpoint_id, object_id, sequence)
    where status = 'waiting'`,
  // Whoever writes one wakes the relay by its commit. For each row, so that nothing is done where nobody listens;
  // repeated notices of a transaction are one.
  `create function wake_outbound_relay() returns trigger language plpgsql as $$
    begin perform pg_notify('outbound_deliveries', ''); return null; end $$`,
  `create trigger outbound_deliveries_wake after insert on outbound_deliveries
    for each row execute function wake_outbound_relay()`,
  'create index on outbound_deliveries (endpoint_id, sequence desc)',
  `create index on outbound_deliveries (created_at) where status <> 'waiting'`,
  'create index audit_log_of_project on audit_log (project_id, live, id)',
];

const customerData = [
  `create table customer_data_jobs (
    id text primary key,
    kind text not null check (kind in ('export', 'erasure')),
    status text not null check (status in ('running', 'done', 'failed')),
    result bytea,
    summary jsonb not null default '{}',
    failure_code text,
    actor text not null,
    expires_at timestamptz,
    finished_at timestamptz,
    ${ofOrganization}
  )`,
  'create index on customer_data_jobs (project_id, live, organization_id, id)',
  `create unique index customer_data_jobs_one_running on customer_data_jobs (project_id, live, organization_id, kind)
    where status = 'running'`,
  `create table customer_data_sections (
    job_id text not null references customer_data_jobs (id),
    provider text not null,
    data bytea not null,
    created_at timestamptz not null default now(),
    primary key (job_id, provider)
  )`,
  `create table portal_links (
    token_hash text primary key,
    permissions text[] not null,
    actor text not null,
    return_url text,
    expires_at timestamptz not null,
    ${ofOrganization}
  )`,
  'create index on portal_links (expires_at)',
];
