import { Migration } from '@mikro-orm/migrations';

const scope = `
  project_id text not null references projects (id),
  live boolean not null`;
const owned = `${scope},
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()`;

/** Usage: what happened, what is counted of it, and what the providers were told. */
export class Usage extends Migration {
  override up(): void {
    for (const statement of [...meters, ...events, ...rollups, ...reports]) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table if exists ${tables.toReversed().join(', ')} cascade`);
    this.addSql('drop function if exists usage_event_key');
    this.addSql('alter table projects drop column if exists usage_report_minutes');
  }
}

const tables = [
  'meters',
  'provider_meters',
  'usage_events',
  'usage_marks',
  'usage_hours',
  'usage_rollups',
  'usage_uniques',
  'usage_reports',
  'usage_report_groups',
  'usage_report_items',
];

const meters = [
  // What is counted never changes: another count is another meter.
  `create table meters (
    id text primary key,
    key text not null check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    name text not null,
    event_name text not null,
    filter jsonb not null default '[]',
    aggregation text not null check (aggregation in ('sum', 'count', 'max', 'last', 'unique')),
    property text,
    unit text not null default 'unit',
    limit_behavior text not null check (limit_behavior in ('soft', 'hard')),
    when_unreadable text not null check (when_unreadable in ('open', 'closed')),
    status text not null check (status in ('active', 'archived')),
    version integer not null default 1,
    ${owned},
    unique (project_id, live, key)
  )`,
  `create index meters_by_event on meters (project_id, live, event_name)`,
  `create table provider_meters (
    meter_id text not null references meters (id),
    provider text not null,
    provider_meter_id text not null,
    ${owned},
    primary key (meter_id, provider)
  )`,
];

const events = [
  // Unique for ever, so not partitioned. The key is made of project, mode, organization and event id (\`eventKey\`): one
  // narrow index refuses what comes twice. \`xid\` tells in which order events became visible to others.
  `create table usage_events (
    event_key uuid primary key,
    project_id text not null,
    live boolean not null,
    organization_id text not null,
    event_id text not null,
    event_name text not null,
    quantity numeric not null,
    properties jsonb,
    corrects text,
    occurred_at timestamptz not null,
    received_at timestamptz not null default now(),
    xid xid8 not null default pg_current_xact_id()
  ) with (autovacuum_vacuum_insert_scale_factor = 0.5)`,
  // `eventKey` in SQL, for finding the event that a correction names.
  `create function usage_event_key(project_id text, live boolean, organization_id text, event_id text) returns uuid
    language sql immutable strict parallel safe as $$
      select substr(encode(sha256(convert_to(char_length(project_id) || ':' || project_id ||
        case when live then 'live' else 'test' end || char_length(organization_id) || ':' || organization_id || event_id,
        'UTF8')), 'hex'), 1, 32)::uuid $$`,
  'create index usage_events_in_order on usage_events (xid)',
  'create index usage_events_of_organization on usage_events (project_id, live, organization_id, xid)',
];

const rollups = [
  // Up to where events were counted into the rollups: all with a smaller xid are in, none of the others.
  `create table usage_marks (
    name text primary key,
    xid xid8 not null,
    updated_at timestamptz not null default now()
  )`,
  `insert into usage_marks (name, xid) values ('rollup', pg_current_xact_id())`,
  // The mark at the beginning of each hour: an event of later than that hour is found above it.
  `create table usage_hours (
    hour timestamptz primary key,
    xid xid8 not null
  )`,
  `create table usage_rollups (
    meter_id text not null,
    organization_id text not null,
    hour timestamptz not null,
    events bigint not null,
    sum numeric not null,
    max numeric,
    last numeric,
    last_at timestamptz,
    last_key uuid,
    primary key (meter_id, organization_id, hour)
  ) with (fillfactor = 70)`,
  // Of meters that count different values.
  `create table usage_uniques (
    meter_id text not null,
    organization_id text not null,
    hour timestamptz not null,
    value_key uuid not null,
    primary key (meter_id, organization_id, hour, value_key)
  )`,
];

const reports = [
  'alter table projects add column usage_report_minutes integer not null default 60 check (usage_report_minutes > 0)',
  // Each covers the events of [from_xid, to_xid); those of one project and mode follow each other without a gap.
  `create table usage_reports (
    id text primary key,
    cause text not null check (cause in ('schedule', 'request')),
    actor text not null,
    status text not null check (status in ('requested', 'running', 'succeeded', 'failed')),
    phase text not null check (phase in ('collect', 'send', 'compare', 'done')),
    from_xid xid8,
    to_xid xid8,
    covered_until timestamptz,
    cursor xid8,
    received bigint not null default 0,
    differences jsonb,
    started_at timestamptz,
    finished_at timestamptz,
    failure_code text,
    failure_detail jsonb,
    version integer not null default 1,
    ${owned}
  )`,
  `create unique index usage_reports_one_open on usage_reports (project_id, live) where status in ('requested', 'running')`,
  `create index usage_reports_newest on usage_reports (project_id, live, id desc)`,
  // Events of one report, organization and hour that the same meters count. Without a meter: received, and billed to nobody.
  `create table usage_report_groups (
    report_id text not null references usage_reports (id),
    organization_id text not null,
    bucket timestamptz not null,
    meter_ids text[] not null,
    events bigint not null,
    primary key (report_id, organization_id, bucket, meter_ids)
  )`,
  // What one provider is told once: the events of one report, organization, meter and hour together.
  `create table usage_report_items (
    id text primary key,
    report_id text not null references usage_reports (id),
    organization_id text not null,
    meter_id text not null references meters (id),
    bucket timestamptz not null,
    value_key uuid,
    value text,
    provider text,
    provider_customer_id text,
    events bigint not null,
    quantity numeric not null,
    occurred_at timestamptz not null,
    status text not null check (status in ('pending', 'sending', 'unknown', 'reported', 'rejected', 'replaced')),
    code text,
    detail text,
    replaces text references usage_report_items (id),
    last_key uuid,
    attempts integer not null default 0,
    generation integer not null default 1,
    sent_at timestamptz,
    reported_at timestamptz,
    version integer not null default 1,
    ${owned}
  )`,
  `create unique index usage_report_items_once on usage_report_items
    (report_id, organization_id, meter_id, bucket, coalesce(value_key, '00000000-0000-0000-0000-000000000000'::uuid))`,
  `create index usage_report_items_open on usage_report_items (project_id, live, provider, id)
    where status in ('pending', 'sending', 'unknown')`,
  // What somebody has to look at: by report, which is by time.
  `create index usage_report_items_rejected on usage_report_items (report_id) where status = 'rejected'`,
  `create index usage_report_items_of_bucket on usage_report_items (meter_id, organization_id, bucket)`,
];
