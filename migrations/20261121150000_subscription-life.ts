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

/** The whole life of a subscription, and what hangs on it. */
export class SubscriptionLife extends Migration {
  override up(): void {
    for (const statement of [...subscriptions, ...money, ...benefits]) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop table if exists ${tables.toReversed().join(', ')} cascade`);
    for (const statement of back) this.addSql(statement);
  }
}

const tables = [
  'payment_methods',
  'subscription_changes',
  'orders',
  'invoice_counters',
  'benefits',
  'plan_benefits',
  'provider_benefits',
  'benefit_grants',
  'license_keys',
  'license_activations',
  'entitlements',
];

const subscriptions = [
  `alter table projects add column lifecycle_policy jsonb not null default '{}'`,
  'alter table subscriptions alter column checkout_id drop not null',
  'alter table subscriptions drop constraint subscriptions_check', // a direct one has its provider before an id there
  `alter table subscriptions
    add column country char(2),
    add column collection text not null default 'provider' check (collection in ('provider', 'voucher', 'none')),
    add column voucher_method text check (voucher_method in ('oxxo', 'cash', 'spei')),
    add column voucher jsonb,
    add column voucher_due_at timestamptz,
    add column payment_method_id text,
    add column next_step jsonb,
    add column anchor_at timestamptz,
    add column past_due_at timestamptz,
    add column grace_ends_at timestamptz,
    add column reminders_sent integer not null default 0,
    add column trial_notified_at timestamptz,
    add column observed_at timestamptz,
    add column failure_code text,
    add column failure_detail jsonb,
    add column opening jsonb,
    add column request_fingerprint text`,
  `update subscriptions s set country = c.country from checkouts c where c.id = s.checkout_id`,
  `update subscriptions set collection = 'none' where provider is null`,
  `create unique index subscriptions_same_request on subscriptions (project_id, live, request_fingerprint)
    where status = 'incomplete' and request_fingerprint is not null`,
  `create index subscriptions_incomplete on subscriptions (created_at) where status = 'incomplete'`,
  'alter table provider_customers add column methods_asked_at timestamptz',
  `create table payment_methods (
    id text primary key,
    provider text not null,
    provider_payment_method_id text,
    provider_customer_id text,
    status text not null check (status in ('attaching', 'requires_action', 'active', 'failed', 'detached')),
    token text,
    return_url text,
    type text,
    brand text,
    last4 text,
    exp_month integer check (exp_month between 1 and 12),
    exp_year integer,
    country char(2),
    billing_address jsonb,
    is_default boolean not null default false,
    next_step jsonb,
    failure_code text,
    failure_detail jsonb,
    request_fingerprint text,
    version integer not null default 1,
    ${ofOrganization},
    unique (project_id, id),
    unique (project_id, live, provider, provider_payment_method_id)
  )`,
  'create index on payment_methods (project_id, live, organization_id, id)',
  `create unique index payment_methods_one_default on payment_methods (project_id, live, organization_id, provider)
    where is_default and status = 'active'`,
  `create unique index payment_methods_same_request on payment_methods (project_id, live, request_fingerprint)
    where status = 'attaching' and request_fingerprint is not null`,
  `create table subscription_changes (
    id text primary key,
    subscription_id text not null,
    kind text not null check (kind in ('change', 'undo_change', 'cancel', 'undo_cancel', 'pause', 'resume')),
    status text not null check (status in ('requested', 'scheduled', 'applied', 'failed', 'withdrawn')),
    timing text not null check (timing in ('now', 'period_end')),
    method text check (method in ('provider', 'ours', 'recreate')),
    plan_id text,
    price_id text,
    billing_interval text check (billing_interval in ('monthly', 'yearly')),
    quantity integer check (quantity > 0),
    proration text check (proration in ('immediate', 'next_invoice', 'none')),
    proration_at timestamptz,
    resumes_at timestamptz,
    reason text,
    comment text,
    effective_at timestamptz,
    failure_code text,
    failure_detail jsonb,
    actor text not null,
    version integer not null default 1,
    ${ofOrganization},
    foreign key (project_id, subscription_id) references subscriptions (project_id, id),
    foreign key (project_id, plan_id) references plans (project_id, id),
    foreign key (project_id, price_id) references prices (project_id, id)
  )`,
  'create index on subscription_changes (project_id, subscription_id, id)',
  `create unique index subscription_changes_one_open on subscription_changes (subscription_id)
    where kind = 'change' and status in ('requested', 'scheduled')`,
  `create index subscription_changes_waiting on subscription_changes (created_at) where status = 'requested'`,
];

const money = [
  `alter table invoices
    add column line_items jsonb not null default '[]',
    add column billing_reason text,
    add column due_at timestamptz,
    add column payment_method_id text,
    add column provider_payment_id text,
    add column provider_object_id text`,
  'alter table invoices alter column provider_invoice_id drop not null', // ours, where the provider makes none
  `create table invoice_counters (
    project_id text not null references projects (id),
    live boolean not null,
    year integer not null,
    last integer not null,
    primary key (project_id, live, year)
  )`,
  `create table orders (
    id text primary key,
    checkout_id text not null unique,
    user_id text,
    plan_id text not null,
    price_id text not null,
    payment_id text,
    invoice_id text,
    provider text,
    status text not null check (status in ('paid', 'partially_refunded', 'refunded', 'disputed')),
    quantity integer not null check (quantity > 0),
    amount_minor bigint not null check (amount_minor >= 0),
    tax_minor bigint,
    refunded_minor bigint not null default 0,
    currency char(3) not null,
    metadata jsonb not null default '{}',
    paid_at timestamptz not null,
    version integer not null default 1,
    ${ofOrganization},
    unique (project_id, id),
    foreign key (project_id, checkout_id) references checkouts (project_id, id),
    foreign key (project_id, plan_id) references plans (project_id, id),
    foreign key (project_id, price_id) references prices (project_id, id)
  )`,
  'create index on orders (project_id, live, organization_id, id)',
  'create index on orders (payment_id)',
  'create index payments_of_invoice on payments (project_id, invoice_id)',
  'create index refunds_listed on refunds (project_id, live, organization_id, id)',
  'create index disputes_listed on disputes (project_id, live, organization_id, id)',
  'alter table refunds alter column provider_refund_id drop not null',
  'alter table refunds drop constraint refunds_status_check',
  `alter table refunds add constraint refunds_status_check
    check (status in ('requested', 'unknown', 'pending', 'succeeded', 'failed', 'canceled'))`,
  `alter table refunds
    add column invoice_id text,
    add column checkout_id text,
    add column reason text,
    add column actor text,
    add column failure_code text,
    add column failure_detail jsonb,
    add column version integer not null default 1`,
  // Not every provider can tell a repeat from a second refund: one at a time.
  `create unique index refunds_one_at_a_time on refunds (payment_id) where status in ('requested', 'unknown')`,
  `create index refunds_waiting on refunds (created_at) where status in ('requested', 'unknown')`,
];

const benefits = [
  `create table benefits (
    id text primary key,
    type text not null check (type in
      ('custom', 'feature_flag', 'downloadables', 'license_keys', 'discord', 'github_repository', 'meter_credit')),
    description text not null,
    properties jsonb not null default '{}',
    is_active boolean not null default true,
    project_id text not null references projects (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, id)
  )`,
  `create table plan_benefits (
    project_id text not null references projects (id),
    plan_id text not null,
    benefit_id text not null,
    created_at timestamptz not null default now(),
    primary key (project_id, plan_id, benefit_id),
    foreign key (project_id, plan_id) references plans (project_id, id),
    foreign key (project_id, benefit_id) references benefits (project_id, id)
  )`,
  `create table provider_benefits (
    benefit_id text not null,
    provider text not null,
    provider_benefit_id text not null,
    pushed_fingerprint text,
    ${owned},
    primary key (project_id, live, benefit_id, provider),
    foreign key (project_id, benefit_id) references benefits (project_id, id)
  )`,
  `create table benefit_grants (
    id text primary key,
    benefit_id text not null,
    source_kind text not null check (source_kind in ('subscription', 'order', 'direct')),
    source_id text not null,
    status text not null check (status in ('pending', 'granted', 'revoking', 'revoked', 'failed')),
    provider text,
    provider_grant_id text,
    properties jsonb not null default '{}',
    problem text,
    granted_at timestamptz,
    revoked_at timestamptz,
    version integer not null default 1,
    ${ofOrganization},
    unique (project_id, live, organization_id, benefit_id, source_kind, source_id),
    unique (project_id, id),
    foreign key (project_id, benefit_id) references benefits (project_id, id)
  )`,
  'create index on benefit_grants (project_id, source_id)',
  'create index on benefit_grants (project_id, benefit_id)',
  `create index benefit_grants_waiting on benefit_grants (updated_at) where status in ('pending', 'revoking')`,
  // What the provider's product was last told to bring.
  'alter table provider_prices add column pushed_benefits text[]',
  `create table license_keys (
    id text primary key,
    grant_id text not null unique,
    key_hash text not null unique,
    key_sealed bytea,
    display_key text not null,
    status text not null check (status in ('granted', 'revoked', 'disabled')),
    activation_limit integer,
    usage integer not null default 0,
    usage_limit integer,
    validations integer not null default 0,
    expires_at timestamptz,
    ${ofOrganization},
    foreign key (project_id, grant_id) references benefit_grants (project_id, id)
  )`,
  `create table license_activations (
    id text primary key,
    license_key_id text not null references license_keys (id),
    label text not null,
    conditions jsonb not null default '{}',
    created_at timestamptz not null default now()
  )`,
  'create index on license_activations (license_key_id)',
  `create table entitlements (
    source_kind text not null check (source_kind in ('subscription', 'order', 'grant')),
    source_id text not null,
    plan_id text,
    feature text,
    limits jsonb not null default '{}',
    is_allowed boolean not null,
    reason text not null,
    until timestamptz,
    ${ofOrganization},
    primary key (project_id, live, organization_id, source_kind, source_id),
    foreign key (project_id, plan_id) references plans (project_id, id)
  )`,
  'create index on entitlements (project_id, plan_id)',
  // What holds today, for rows from before.
  `insert into entitlements (source_kind, source_id, plan_id, is_allowed, reason, project_id, live, organization_id)
    select 'subscription', id, plan_id, status in ('trialing', 'active', 'past_due'), 'subscription_' || status,
      project_id, live, organization_id from subscriptions`,
];

const back = [
  'alter table provider_prices drop column if exists pushed_benefits',
  'drop index if exists refunds_one_at_a_time, refunds_waiting',
  `delete from refunds where provider_refund_id is null`,
  'alter table refunds drop constraint if exists refunds_status_check',
  `alter table refunds add constraint refunds_status_check check (status in ('pending', 'succeeded', 'failed', 'canceled'))`,
  `alter table refunds alter column provider_refund_id set not null, drop column if exists invoice_id,
    drop column if exists checkout_id, drop column if exists reason, drop column if exists actor,
    drop column if exists failure_code, drop column if exists failure_detail, drop column if exists version`,
  'drop index if exists payments_of_invoice, refunds_listed, disputes_listed',
  'update payments set invoice_id = null from invoices where invoices.id = invoice_id and provider_invoice_id is null',
  'delete from invoices where provider_invoice_id is null',
  'alter table invoices alter column provider_invoice_id set not null',
  `alter table invoices drop column if exists line_items, drop column if exists billing_reason,
    drop column if exists due_at, drop column if exists payment_method_id, drop column if exists provider_payment_id,
    drop column if exists provider_object_id`,
  'drop index if exists subscriptions_same_request, subscriptions_incomplete',
  `alter table subscriptions drop column if exists country, drop column if exists collection,
    drop column if exists voucher_method, drop column if exists voucher, drop column if exists voucher_due_at,
    drop column if exists payment_method_id,
    drop column if exists next_step, drop column if exists anchor_at, drop column if exists past_due_at,
    drop column if exists grace_ends_at, drop column if exists reminders_sent,
    drop column if exists trial_notified_at, drop column if exists observed_at, drop column if exists failure_code,
    drop column if exists failure_detail, drop column if exists opening,
    drop column if exists request_fingerprint`,
  'alter table provider_customers drop column if exists methods_asked_at',
  'alter table projects drop column if exists lifecycle_policy',
];
