import { Migration } from '@mikro-orm/migrations';

const owned = `
  project_id text not null references projects (id),
  live boolean not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()`;

/** Routing as data, the health of providers, sessions that may exist, reconciliation, and what a person must decide. */
export class RoutingAndReconciliation extends Migration {
  override up(): void {
    for (const statement of [...routing, ...health, ...fence, ...reviews, ...reconciliation]) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table if exists ${tables.toReversed().join(', ')} cascade`);
    this.addSql('alter table routing_decisions drop column if exists asked');
    this.addSql('delete from fallbacks where checkout_id is null');
    this.addSql('alter table fallbacks drop column if exists subscription_id, alter column checkout_id set not null');
    this.addSql('alter table subscriptions drop column if exists routing, drop column if exists fallback');
  }
}

const tables = [
  'routing_policies',
  'blocked_countries',
  'provider_health',
  'stray_sessions',
  'review_items',
  'reconciliation_runs',
  'reconciliation_differences',
];

const routing = [
  // What `route()` was asked: without it nobody can say what another policy would have decided.
  'alter table routing_decisions add column asked jsonb',
  `create table routing_policies (
    id text primary key,
    name text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    version integer not null check (version > 0),
    document jsonb not null,
    status text not null check (status in ('draft', 'active', 'retired')),
    note text,
    created_by text not null,
    activated_at timestamptz,
    activated_by text,
    ${owned},
    unique (project_id, live, name, version)
  )`,
  `create unique index routing_policies_active on routing_policies (project_id, live, name) where status = 'active'`,
  // Over the shipped list: a country more, or one that this project may sell to after all.
  `create table blocked_countries (
    country char(2) not null,
    regions text[],
    is_blocked boolean not null,
    since date not null,
    reason text not null check (reason <> ''),
    changed_by text not null,
    ${owned},
    primary key (project_id, live, country)
  )`,
];

const health = [
  `create table provider_health (
    provider text not null,
    state text not null check (state in ('closed', 'open', 'half_open')),
    recent jsonb not null default '[]',
    streak integer not null default 0,
    opened_at timestamptz,
    closed_at timestamptz,
    times_opened integer not null default 0,
    trial_at timestamptz,
    trial_until timestamptz,
    good_trials integer not null default 0,
    held text,
    last_failure text,
    last_failure_at timestamptz,
    last_success_at timestamptz,
    rejected_at timestamptz,
    budget_tokens double precision,
    budget_at timestamptz,
    paused_until timestamptz,
    ${owned},
    primary key (project_id, live, provider)
  )`,
];

const fence = [
  // A session that a provider may have opened for a checkout before its answer was lost.
  `create table stray_sessions (
    id text primary key,
    checkout_id text not null,
    provider text not null,
    provider_checkout_id text,
    status text not null check (status in ('unknown', 'absent', 'ended', 'lapsed', 'paid', 'refunded')),
    asked_at timestamptz not null,
    empty_looks integer not null default 0,
    resolved_at timestamptz,
    why text,
    version integer not null default 1,
    ${owned},
    unique (project_id, live, checkout_id, provider),
    foreign key (project_id, checkout_id) references checkouts (project_id, id)
  )`,
  `create index stray_sessions_unknown on stray_sessions (asked_at) where status = 'unknown'`,
  // Direct subscriptions fall back too.
  'alter table fallbacks alter column checkout_id drop not null',
  'alter table fallbacks add column subscription_id text',
  'alter table fallbacks add check ((checkout_id is null) <> (subscription_id is null))',
  `alter table fallbacks add foreign key (project_id, subscription_id) references subscriptions (project_id, id)`,
  'create unique index fallbacks_of_subscription on fallbacks (subscription_id, attempted_provider)',
  // How a direct one was decided, with who steps in; null: begun by a checkout.
  'alter table subscriptions add column routing jsonb',
  'alter table subscriptions add column fallback jsonb',
];

const reviews = [
  `create table review_items (
    id text primary key,
    kind text not null,
    cause text not null,
    provider text,
    organization_id text,
    entity_kind text,
    entity_id text,
    summary text not null,
    evidence jsonb not null,
    status text not null check (status in ('open', 'resolved', 'dismissed')),
    note text,
    closed_by text,
    closed_at timestamptz,
    version integer not null default 1,
    ${owned},
    unique (project_id, live, cause)
  )`,
  `create index review_items_open on review_items (project_id, live, id) where status = 'open'`,
];

const reconciliation = [
  `create table reconciliation_runs (
    id text primary key,
    provider text not null,
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at > from_at),
    cause text not null check (cause in ('schedule', 'request')),
    actor text not null,
    status text not null check (status in ('requested', 'running', 'succeeded', 'failed', 'canceled')),
    phase text not null check (phase in ('theirs', 'ours', 'repair', 'done')),
    cursor text,
    compared integer not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    failure_code text,
    failure_detail jsonb,
    version integer not null default 1,
    ${owned},
    unique (project_id, id)
  )`,
  'create index on reconciliation_runs (project_id, live, id desc)',
  `create unique index reconciliation_runs_open on reconciliation_runs (project_id, live, provider)
    where status in ('requested', 'running')`,
  `create table reconciliation_differences (
    id text primary key,
    run_id text not null,
    provider text not null,
    kind text not null check (kind in ('missing_here', 'missing_there', 'amount', 'state', 'period', 'customer',
      'duplicate_charge', 'orphan_charge')),
    object_kind text not null,
    object_id text not null,
    entity_kind text,
    entity_id text,
    organization_id text,
    ours jsonb,
    theirs jsonb,
    status text not null check (status in ('found', 'repaired', 'queued')),
    review_id text,
    why text,
    version integer not null default 1,
    ${owned},
    unique (run_id, kind, object_kind, object_id),
    foreign key (project_id, run_id) references reconciliation_runs (project_id, id)
  )`,
  'create index on reconciliation_differences (project_id, live, id desc)',
  `create index reconciliation_differences_open on reconciliation_differences (run_id) where status = 'found'`,
];
