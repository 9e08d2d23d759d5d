import { Migration } from '@mikro-orm/migrations';

const owned = `
  organization_id text not null,
  project_id text not null references projects (id),
  live boolean not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (project_id, live, organization_id) references organizations (project_id, live, id)`;

/** Money that went back, by refund or dispute; and what of a price was last pushed to a provider. */
export class MoneyBack extends Migration {
  override up(): void {
    this.addSql('alter table payments add constraint payments_of_project unique (project_id, id)');
    this.addSql(`create table refunds (
      id text primary key,
      payment_id text not null,
      provider text not null,
      provider_refund_id text not null,
      status text not null check (status in ('pending', 'succeeded', 'failed', 'canceled')),
      amount_minor bigint not null check (amount_minor > 0),
      tax_minor bigint,
      currency char(3) not null,
      refunded_at timestamptz,
      ${owned},
      unique (project_id, live, provider, provider_refund_id),
      foreign key (project_id, payment_id) references payments (project_id, id)
    )`);
    this.addSql('create index on refunds (project_id, payment_id)');
    this.addSql(`create table disputes (
      id text primary key,
      payment_id text not null,
      provider text not null,
      provider_dispute_id text not null,
      status text not null check (status in ('warning', 'needs_response', 'under_review', 'won', 'lost', 'closed')),
      amount_minor bigint not null check (amount_minor >= 0),
      currency char(3) not null,
      reason text,
      respond_by timestamptz,
      disputed_at timestamptz not null,
      ${owned},
      unique (project_id, live, provider, provider_dispute_id),
      foreign key (project_id, payment_id) references payments (project_id, id)
    )`);
    this.addSql('create index on disputes (project_id, payment_id)');
    this.addSql('alter table provider_prices add column pushed_fingerprint text');
  }

  override down(): void {
    this.addSql('alter table provider_prices drop column if exists pushed_fingerprint');
    this.addSql('drop table if exists disputes, refunds');
    this.addSql('alter table payments drop constraint if exists payments_of_project');
  }
}
