import { Migration } from '@mikro-orm/migrations';

/** A project's own accounts at the providers. Credentials are sealed before they come here. */
export class ProviderAccounts extends Migration {
  override up(): void {
    this.addSql(`create table provider_accounts (
      provider text not null,
      credentials bytea not null,
      credential_keys text[] not null,
      version integer not null default 1,
      provider_account_id text,
      provider_account_name text,
      webhook_endpoint_id text,
      checked_at timestamptz,
      check_error text,
      project_id text not null references projects (id),
      live boolean not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (project_id, live, provider)
    )`);
  }

  override down(): void {
    this.addSql('drop table if exists provider_accounts');
  }
}
