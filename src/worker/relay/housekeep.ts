import type { RelayDeps } from './deliver-events.ts';

/** Hourly chores of the database: next months' partitions, expired records, webhook bodies, and events long told. */
export async function housekeep(deps: RelayDeps): Promise<void> {
  const connection = deps.em().getConnection();
  await connection.execute('select ensure_audit_partitions(3)');
  await connection.execute('delete from idempotency_records where expires_at < now()');
  await connection.execute('delete from sessions where expires_at < now()');
  await forgetTold(deps);
  await connection.execute('delete from portal_links where expires_at < now()');
  await connection.execute(
    'update customer_data_jobs set result = null where expires_at < now() and result is not null',
  );
  await connection.execute(
    `update provider_events set body = null where body is not null and created_at < now() - interval '90 days'`,
  );
}

/** Rows at a time: a long transaction would hold up vacuum, and the relay. */
const batchSize = 5_000;

/** Events and deliveries of 90 days ago, and what was deleted then. What still waits keeps its event. */
async function forgetTold(deps: RelayDeps): Promise<void> {
  await deleteInBatches(
    deps,
    `delete from outbound_deliveries where ctid = any (array(
       select ctid from outbound_deliveries where status <> 'waiting' and created_at < now() - interval '90 days' limit ?))`,
  );
  await deleteInBatches(
    deps,
    `delete from outbound_events where ctid = any (array(
       select v.ctid from outbound_events v where v.occurred_at < now() - interval '90 days'
         and not exists (select from outbound_deliveries d where d.event_id = v.id) limit ?))`,
  );
  await deleteInBatches(
    deps,
    `delete from outbound_endpoints where ctid = any (array(
       select e.ctid from outbound_endpoints e where e.deleted_at < now() - interval '90 days'
         and not exists (select from outbound_deliveries d where d.endpoint_id = e.id) limit ?))`,
  );
}

async function deleteInBatches(deps: RelayDeps, sql: string): Promise<void> {
  for (;;) {
    const { affectedRows } = await deps.em().execute<{ affectedRows: number }>(sql, [batchSize], 'run');
    if (affectedRows < batchSize) return;
  }
}
