import { Migration } from '@mikro-orm/migrations';

/** Columns that every row has: whose it is, which mode, and when. */
const owned = `
  project_id text not null references projects (id),
  live boolean not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()`;

const ofOrganization = `
  organization_id text not null,
  foreign key (project_id, live, organization_id) references organizations (project_id, live, id)`;

export class Foundation extends Migration {
  override up(): void {
    for (const statement of [...people, ...catalogue, ...money, ...messages, ...records]) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table if exists ${tables.toReversed().join(', ')} cascade`);
    this.addSql('drop function if exists refuse_change, ensure_audit_partitions');
  }
}

const tables = [
  'projects',
  'api_keys',
  'organizations',
  'sessions',
  'provider_customers',
  'provider_objects',
  'plans',
  'prices',
  'provider_prices',
  'subscriptions',
  'checkouts',
  'invoices',
  'payments',
  'routing_decisions',
  'fallbacks',
  'provider_events',
  'idempotency_records',
  'audit_log',
];

const people = [
  `create table projects (
    id text primary key check (id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    name text not null,
    default_currency char(3) not null,
    default_success_url text,
    default_cancel_url text,
    default_phone text,
    allowed_origins text[] not null default '{}',
    routing_policy text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create table api_keys (
    id text primary key,
    kind text not null check (kind in ('secret', 'publishable')),
    name text not null,
    key_hash text not null unique,
    scopes text[] not null default '{}',
    revoked_at timestamptz,
    ${owned}
  )`,
  `create table organizations (
    id text not null check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    name text,
    email text,
    phone text,
    country char(2),
    preferred_provider text,
    metadata jsonb not null default '{}',
    ${owned},
    primary key (project_id, live, id)
  )`,
  `create table sessions (
    token_hash text primary key,
    user_id text,
    permissions text[] not null,
    expires_at timestamptz not null,
    ${owned},
    ${ofOrganization}
  )`,
  'create index on sessions (expires_at)',
  `create table provider_customers (
    provider text not null,
    provider_customer_id text not null,
    ${owned},
    ${ofOrganization},
    primary key (project_id, live, organization_id, provider)
  )`,
  `create table provider_objects (
    provider text not null,
    kind text not null,
    provider_object_id text not null,
    entity_kind text not null check (entity_kind in ('checkout', 'subscription')),
    entity_id text not null,
    ${owned},
    primary key (project_id, live, provider, kind, provider_object_id)
  )`,
  'create index on provider_objects (project_id, entity_id)',
];

const catalogue = [
  `create table plans (
    id text primary key,
    key text not null,
    name text not null,
    description text,
    kind text not null check (kind in ('subscription', 'one_time')),
    digital boolean not null default true,
    features text[] not null default '{}',
    limits jsonb not null default '{}',
    contact_url text,
    trial_days integer check (trial_days between 0 and 90),
    is_active boolean not null default true,
    is_popular boolean not null default false,
    sort_order integer not null default 0,
    project_id text not null references projects (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, key),
    unique (project_id, id)
  )`,
  `create table prices (
    id text primary key,
    plan_id text not null,
    billing_interval text check (billing_interval in ('monthly', 'yearly')),
    amount_minor bigint not null check (amount_minor between 0 and 9007199254740991),
    currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
    project_id text not null references projects (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique nulls not distinct (plan_id, billing_interval, currency),
    unique (project_id, id),
    foreign key (project_id, plan_id) references plans (project_id, id)
  )`,
  `create table provider_prices (
    price_id text not null,
    provider text not null,
    provider_product_id text not null,
    provider_price_id text,
    ${owned},
    primary key (project_id, live, price_id, provider),
    foreign key (project_id, price_id) references prices (project_id, id)
  )`,
  'create index on provider_prices (project_id, live, provider_product_id)',
];

const money = [
  `create table subscriptions (
    id text primary key,
    user_id text,
    plan_id text not null,
    price_id text not null,
    checkout_id text not null unique,
    status text not null check (status in ('incomplete', 'trialing', 'active', 'past_due', 'paused', 'canceled', 'expired')),
    billing_interval text not null check (billing_interval in ('monthly', 'yearly')),
    quantity integer not null check (quantity > 0),
    provider text,
    provider_subscription_id text,
    provider_customer_id text,
    amount_minor bigint not null check (amount_minor >= 0),
    currency char(3) not null,
    current_period_start timestamptz,
    current_period_end timestamptz,
    trial_start timestamptz,
    trial_end timestamptz,
    cancel_at_period_end boolean not null default false,
    cancel_at timestamptz,
    canceled_at timestamptz,
    ended_at timestamptz,
    paused_at timestamptz,
    resumes_at timestamptz,
    metadata jsonb not null default '{}',
    version integer not null default 1,
    ${owned},
    ${ofOrganization},
    unique (project_id, id),
    unique (project_id, live, provider, provider_subscription_id),
    foreign key (project_id, plan_id) references plans (project_id, id),
    foreign key (project_id, price_id) references prices (project_id, id),
    check ((provider is null) = (provider_subscription_id is null))
  )`,
  'create index on subscriptions (project_id, live, organization_id, created_at desc)',
  `create table checkouts (
    id text primary key,
    user_id text,
    plan_id text,
    price_id text,
    mode text not null check (mode in ('payment', 'subscription', 'setup')),
    status text not null check (status in ('creating', 'open', 'pending', 'paid', 'expired', 'canceled', 'failed')),
    billing_interval text check (billing_interval in ('monthly', 'yearly')),
    quantity integer not null check (quantity > 0),
    amount_minor bigint check (amount_minor >= 0),
    currency char(3),
    country char(2),
    country_source text not null,
    email text,
    name text,
    phone text,
    billing_address jsonb,
    wished_payment_methods text[],
    payment_methods text[] not null default '{}',
    success_url text not null,
    cancel_url text not null,
    voucher_expires_at timestamptz,
    discount_code text,
    trial_days integer check (trial_days between 0 and 730),
    locale text,
    embed_origin text,
    metadata jsonb not null default '{}',
    routing jsonb not null,
    fallback jsonb,
    provider text,
    provider_checkout_id text,
    checkout_url text,
    expires_at timestamptz,
    voucher jsonb,
    subscription_id text,
    failure_code text,
    request_fingerprint text,
    version integer not null default 1,
    ${owned},
    ${ofOrganization},
    unique (project_id, id),
    unique (project_id, live, provider, provider_checkout_id),
    foreign key (project_id, plan_id) references plans (project_id, id),
    foreign key (project_id, price_id) references prices (project_id, id),
    foreign key (project_id, subscription_id) references subscriptions (project_id, id),
    check ((amount_minor is null) = (currency is null)),
    check (status not in ('open', 'pending') or checkout_url is not null)
  )`,
  `create unique index checkouts_same_request on checkouts (project_id, live, request_fingerprint)
    where status in ('creating', 'open') and request_fingerprint is not null`,
  'create index on checkouts (project_id, live, organization_id, created_at desc)',
  `create index checkouts_creating on checkouts (created_at) where status = 'creating'`,
  `create table invoices (
    id text primary key,
    checkout_id text,
    subscription_id text,
    provider text not null,
    provider_invoice_id text not null,
    number text,
    status text not null check (status in
      ('draft', 'open', 'paid', 'failed', 'refunded', 'partially_refunded', 'void', 'uncollectible')),
    total_minor bigint not null,
    amount_paid_minor bigint not null,
    amount_refunded_minor bigint not null,
    tax_minor bigint,
    currency char(3) not null,
    period_start timestamptz,
    period_end timestamptz,
    issued_at timestamptz,
    paid_at timestamptz,
    hosted_url text,
    pdf_url text,
    ${owned},
    ${ofOrganization},
    unique (project_id, id),
    unique (project_id, live, provider, provider_invoice_id),
    foreign key (project_id, checkout_id) references checkouts (project_id, id),
    foreign key (project_id, subscription_id) references subscriptions (project_id, id)
  )`,
  `create table payments (
    id text primary key,
    checkout_id text,
    subscription_id text,
    invoice_id text,
    provider text not null,
    provider_payment_id text not null,
    status text not null check (status in ('succeeded', 'pending', 'declined')),
    amount_minor bigint not null check (amount_minor >= 0),
    tax_minor bigint,
    refunded_minor bigint not null default 0,
    currency char(3) not null,
    method text,
    decline_code text,
    paid_at timestamptz,
    ${owned},
    ${ofOrganization},
    unique (project_id, live, provider, provider_payment_id),
    foreign key (project_id, checkout_id) references checkouts (project_id, id),
    foreign key (project_id, subscription_id) references subscriptions (project_id, id),
    foreign key (project_id, invoice_id) references invoices (project_id, id),
    check (checkout_id is not null or subscription_id is not null)
  )`,
  'create index on payments (project_id, checkout_id)',
  'create index on payments (project_id, subscription_id)',
  `create table routing_decisions (
    checkout_id text primary key,
    policy text not null,
    policy_version integer not null,
    rule text not null,
    provider text,
    country char(2),
    country_source text not null,
    bucket integer not null,
    decision jsonb not null,
    ${owned},
    foreign key (project_id, checkout_id) references checkouts (project_id, id)
  )`,
  'create index on routing_decisions (project_id, live, created_at desc)',
  `create table fallbacks (
    id text primary key,
    checkout_id text not null,
    attempted_provider text not null,
    fallback_provider text,
    reason text not null check (reason in
      ('not_configured', 'unsupported', 'api_error', 'timeout', 'rate_limited', 'unavailable')),
    provider_code text,
    ${owned},
    unique (checkout_id, attempted_provider),
    foreign key (project_id, checkout_id) references checkouts (project_id, id)
  )`,
  'create index on fallbacks (project_id, live, created_at desc)',
];

const messages = [
  `create table provider_events (
    id text primary key,
    provider text not null,
    event_id text not null,
    type text not null,
    object_kind text not null,
    object_id text not null,
    checkout_id text,
    related jsonb not null default '[]',
    status text not null check (status in ('received', 'noted', 'delivered', 'ignored', 'set_aside')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    claimed_until timestamptz,
    delivered_to text,
    last_error text,
    body bytea,
    settled_at timestamptz,
    ${owned},
    unique (project_id, provider, event_id)
  )`,
  `create index provider_events_waiting on provider_events (next_attempt_at) where status = 'received'`,
  `create index provider_events_in_order on provider_events (project_id, provider, object_kind, object_id, id)
    where status = 'received'`,
  'create index on provider_events (project_id, live, created_at desc)',
];

const records = [
  `create table idempotency_records (
    owner text not null,
    key text not null check (length(key) between 1 and 255),
    request_hash text not null,
    resource_id text not null,
    locked_until timestamptz,
    response_status integer,
    response_body jsonb,
    expires_at timestamptz not null,
    ${owned},
    primary key (project_id, live, owner, key)
  )`,
  'create index on idempotency_records (expires_at)',
  `create table audit_log (
    id text not null,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    entity_kind text not null,
    entity_id text not null,
    detail text,
    before jsonb,
    after jsonb,
    project_id text not null references projects (id),
    live boolean not null,
    primary key (id, at)
  ) partition by range (at)`,
  'create index on audit_log (project_id, entity_id, id)',
  'create table audit_log_default partition of audit_log default',
  `create function ensure_audit_partitions(months integer) returns void language plpgsql as $$
    declare
      first_day date;
    begin
      for i in 0..months loop
        first_day := date_trunc('month', now())::date + make_interval(months => i);
        if to_regclass('audit_log_' || to_char(first_day, 'YYYY_MM')) is null then
          execute format('create table %I partition of audit_log for values from (%L) to (%L)',
            'audit_log_' || to_char(first_day, 'YYYY_MM'), first_day, first_day + interval '1 month');
        end if;
      end loop;
    end $$`,
  'select ensure_audit_partitions(3)',
  `create function refuse_change() returns trigger language plpgsql as $$
    begin raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation'; end $$`,
  `create trigger audit_log_append_only before update or delete on audit_log
    for each row execute function refuse_change()`,
  `create trigger audit_log_no_truncate before truncate on audit_log
    for each statement execute function refuse_change()`,
];
