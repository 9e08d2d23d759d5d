import type { RelayDeps } from './deliver-events.ts';

/** Daily chores of the database: next months' partitions, expired records and webhook bodies. */
export async function housekeep(deps: RelayDeps): Promise<void> {
  const connection = deps.em().getConnection();
  await connection.execute('select ensure_audit_partitions(3)');
  await connection.execute('delete from idempotency_records where expires_at < now()');
  await connection.execute('delete from sessions where expires_at < now()');
  await connection.execute('delete from portal_links where expires_at < now()');
  await connection.execute(
    'update customer_data_jobs set result = null where expires_at < now() and result is not null',
  );
  await connection.execute(
    `update provider_events set body = null where body is not null and created_at < now() - interval '90 days'`,
  );
}
