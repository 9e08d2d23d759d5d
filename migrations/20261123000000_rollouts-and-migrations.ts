import { Migration } from '@mikro-orm/migrations';

const scope = `
  project_id text not null references projects (id),
  live boolean not null`;
const owned = `${scope},
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()`;

/** Rollouts of new customers, migrations of old ones, and who may charge for which period. */
export class RolloutsAndMigrations extends Migration {
  override up(): void {
    for (const statement of [...rollouts, ...migrations, ...proofs, ...rights]) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table if exists ${tables.toReversed().join(', ')} cascade`);
    this.addSql('drop function if exists rollout_assignments_are_final');
  }
}

const tables = [
  'rollouts',
  'rollout_assignments',
  'rollout_looks',
  'migrations',
  'migration_items',
  'migration_archives',
  'migration_proofs',
  'migration_proof_lines',
  'charge_rights',
];

const rollouts = [
  `create table rollouts (
    id text primary key,
    name text not null,
    plan_id text,
    from_provider text not null,
    to_provider text not null check (to_provider <> from_provider),
    settings jsonb not null,
    status text not null check (status in ('running', 'paused', 'completed', 'rolled_back')),
    stage integer not null default 0,
    stage_started_at timestamptz not null default now(),
    why text not null,
    paused_at timestamptz,
    finished_at timestamptz,
    superseded_at timestamptz,
    actor text not null,
    version integer not null default 1,
    ${owned},
    unique (project_id, id)
  )`,
  'create index on rollouts (project_id, live, id desc)',
  // One at a time decides about a plan's new customers; null: about all plans.
  `create unique index rollouts_in_force on rollouts (project_id, live, coalesce(plan_id, ''))
    where superseded_at is null and status <> 'completed'`,
  // Who was once placed stays there: nothing updates these, and only the erasure of customer data deletes them.
  `create table rollout_assignments (
    rollout_id text not null references rollouts (id),
    organization_id text not null,
    arm text not null check (arm in ('control', 'treatment')),
    bucket integer not null check (bucket between 0 and 9999),
    stage integer not null,
    checkout_id text not null,
    ${scope},
    created_at timestamptz not null default now(),
    primary key (rollout_id, organization_id),
    foreign key (project_id, live, organization_id) references organizations (project_id, live, id)
  )`,
  'create index on rollout_assignments (rollout_id, arm)',
  'create index on rollout_assignments (checkout_id)',
  `create function rollout_assignments_are_final() returns trigger language plpgsql as $$
    begin raise exception 'an assignment is final'; end $$`,
  `create trigger rollout_assignments_are_final before update on rollout_assignments
    for each row execute function rollout_assignments_are_final()`,
  `create table rollout_looks (
    id text primary key,
    rollout_id text not null references rollouts (id),
    stage integer not null,
    control jsonb not null,
    treatment jsonb not null,
    statistic jsonb not null,
    decision text not null check (decision in ('hold', 'advance', 'complete', 'roll_back')),
    because text not null,
    actor text,
    ${scope},
    created_at timestamptz not null default now()
  )`,
  'create index on rollout_looks (rollout_id, id desc)',
];

const migrations = [
  `create table migrations (
    id text primary key,
    name text not null,
    from_provider text not null,
    to_provider text check (to_provider <> from_provider),
    dry_run boolean not null,
    source text not null check (source in ('provider', 'csv')),
    organizations text[],
    settings jsonb not null,
    status text not null check (status in ('requested', 'inventory', 'planned', 'running', 'paused', 'aborting',
      'aborted', 'completed', 'failed')),
    cursor text,
    why text not null,
    started_at timestamptz,
    finished_at timestamptz,
    failure_code text,
    failure_detail jsonb,
    actor text not null,
    version integer not null default 1,
    ${owned},
    unique (project_id, id)
  )`,
  'create index on migrations (project_id, live, id desc)',
  `create unique index migrations_open on migrations (project_id, live, from_provider)
    where not dry_run and status in ('requested', 'inventory', 'planned', 'running', 'paused', 'aborting')`,
  `create table migration_items (
    id text primary key,
    migration_id text not null references migrations (id),
    organization_id text,
    provider_subscription_id text not null,
    provider_customer_id text not null,
    subscription_id text,
    legacy jsonb not null,
    state text not null check (state in ('found', 'planned', 'excluded', 'notified', 'opened', 'moved', 'canceling',
      'watching', 'done', 'kept', 'left', 'rolled_back', 'attention')),
    plan jsonb,
    code text,
    because text,
    paid_through timestamptz,
    checkout_id text,
    new_provider text,
    new_subscription_id text,
    link_hash text unique,
    notified_at timestamptz,
    reminders_sent integer not null default 0,
    deadline_at timestamptz,
    moved_at timestamptz,
    canceling_at timestamptz,
    canceled_at timestamptz,
    first_charge_at timestamptz,
    first_payment_id text,
    finished_at timestamptz,
    version integer not null default 1,
    ${owned},
    unique (migration_id, provider_subscription_id),
    foreign key (project_id, live, organization_id) references organizations (project_id, live, id)
  )`,
  'create index on migration_items (migration_id, state, id)',
  'create index on migration_items (project_id, live, organization_id)',
  'create index on migration_items (checkout_id) where checkout_id is not null',
  `create table migration_archives (
    id text primary key,
    migration_id text not null references migrations (id),
    status text not null check (status in ('requested', 'running', 'succeeded', 'failed')),
    recipient text not null,
    sha256 text,
    size_bytes bigint,
    records jsonb,
    content bytea,
    failure_code text,
    actor text not null,
    version integer not null default 1,
    ${owned}
  )`,
  'create index on migration_archives (migration_id, id desc)',
];

const proofs = [
  `create table migration_proofs (
    id text primary key,
    migration_id text not null references migrations (id),
    status text not null check (status in ('requested', 'running', 'succeeded', 'failed')),
    cursor text,
    as_of timestamptz not null,
    items_total integer not null,
    items_done integer not null default 0,
    report text,
    signature text,
    key_id text,
    finished_at timestamptz,
    failure_code text,
    failure_detail jsonb,
    actor text not null,
    version integer not null default 1,
    ${owned}
  )`,
  'create index on migration_proofs (migration_id, id desc)',
  "create unique index migration_proofs_open on migration_proofs (migration_id) where status in ('requested', 'running')",
  // The text is what is hashed and signed: jsonb would order its names anew.
  `create table migration_proof_lines (
    proof_id text not null references migration_proofs (id),
    item_id text not null references migration_items (id),
    rank integer not null,
    line text not null,
    primary key (proof_id, item_id)
  )`,
  'create index on migration_proof_lines (proof_id, rank, item_id)',
];

const rights = [
  'create extension if not exists btree_gist',
  `create table charge_rights (
    id text primary key,
    organization_id text not null,
    plan_id text not null,
    period_start timestamptz not null,
    period_end timestamptz not null check (period_end > period_start),
    provider text not null,
    provider_subscription_id text,
    migration_item_id text references migration_items (id),
    status text not null check (status in ('held', 'charged', 'released')),
    payment_id text,
    version integer not null default 1,
    ${owned},
    foreign key (project_id, live, organization_id) references organizations (project_id, live, id),
    constraint charge_rights_one_holder exclude using gist (
      project_id with =, live with =, organization_id with =, plan_id with =,
      tstzrange(period_start, period_end) with &&) where (status <> 'released')
  )`,
  'create index on charge_rights (migration_item_id)',
];
