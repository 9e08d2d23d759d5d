import { Client, Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import type { Books, CheckoutRow, FallbackRow, PaymentRow, RefundRow } from './books.ts';
import type { Bought } from './buyer.ts';

/** Both sides' books as they stand. */
export async function readBooks(database: pg.Pool, sandbox: SandboxClient, bought: readonly Bought[]): Promise<Books> {
  const all = async <Row extends object>(sql: string) => (await database.query<Row>(sql)).rows;
  const ledger = await sandbox.ledger();
  const reviewed = await all<{ readonly id: string }>(
    `select entity_id as id from review_items where kind = 'charged_twice' and entity_kind = 'checkout'
     union
     select entity_id from review_items where kind = 'stray_session_paid' and entity_kind = 'checkout'`,
  );
  return {
    bought,
    ledger: ledger.filter(({ kind, status }) => status === 'succeeded' && (kind === 'charge' || kind === 'refund')),
    checkouts: await all<CheckoutRow>('select id, status, fallback from checkouts'),
    payments: await all<PaymentRow>(
      `select checkout_id, provider, amount_minor::float8, refunded_minor::float8, currency from payments
       where status = 'succeeded'`,
    ),
    refunds: await all<RefundRow>(
      `select payments.checkout_id, refunds.provider, refunds.amount_minor::float8, refunds.currency
       from refunds join payments on payments.id = refunds.payment_id where refunds.status = 'succeeded'`,
    ),
    fallbacks: await all<FallbackRow>(
      `select checkout_id, attempted_provider, fallback_provider, reason from fallbacks where checkout_id is not null`,
    ),
    reviewed: new Set(reviewed.map(({ id }) => id)),
  };
}

/** What rightly goes on: subscriptions live for years, open pages and sessions are watched for as long as they live. */
const goesOn: Readonly<Record<string, string>> = {
  checkout: `select 'checkout/' || id as id from checkouts where status in ('open', 'pending')`,
  resolveStray: `select 'resolve-stray/' || checkout_id || '/' || provider as id from stray_sessions
    where status = 'unknown'`,
  subscription: `select 'subscription/' || id as id from subscriptions`,
  migration: `select 'migration/' || id as id from migrations
    where status in ('requested', 'inventory', 'planned', 'running', 'paused', 'aborting')`,
  migrateCustomer: `select 'migration/' || migration_id || '/' || id as id from migration_items
    where state in ('planned', 'notified', 'opened', 'moved', 'canceling', 'watching')`,
};

/**
 * Workflows that failed, or run although nothing is left to do. A row may rest before its workflow does: a late webhook
 * makes it look once more, and where the provider's breaker is open that look waits. None may take longer than `patienceMs`.
 */
export async function workflowFaults(
  target: Target,
  database: pg.Pool,
  patienceMs: number,
): Promise<readonly string[]> {
  const connection = await Connection.connect({ address: target.temporal_address });
  try {
    const client = new Client({ connection, namespace: target.temporal_namespace });
    const untilMs = Date.now() + patienceMs;
    for (;;) {
      const rows = await Promise.all(
        Object.values(goesOn).map(async (sql) => (await database.query<{ readonly id: string }>(sql)).rows),
      );
      const mayRun = new Set(rows.flat().map(({ id }) => id));
      const faults: string[] = [];
      const query = `ExecutionStatus != 'Completed' and ExecutionStatus != 'ContinuedAsNew'`;
      for await (const { workflowId, status } of client.workflow.list({ query }))
        if (status.name !== 'RUNNING' || !mayRun.has(workflowId))
          faults.push(`workflow ${workflowId} is ${status.name}`);
      const isPatienceInVain = faults.some((fault) => !fault.endsWith('RUNNING'));
      if (faults.length === 0 || isPatienceInVain || Date.now() > untilMs) return faults;
      await sleep(1_000);
    }
  } finally {
    await connection.close();
  }
}
