import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { getCheckout } from '../../bench/clients/billing.ts';
import { inBatches } from '../../bench/clients/in-batches.ts';
import type { LedgerEntry, SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import { isFoundSession } from '../support/found-session.ts';
import type { Buyer } from './buyer.ts';

export interface Payment {
  readonly checkout_id: string | null;
  readonly provider: string;
  readonly amount_minor: string;
  readonly currency: string;
}

export interface Books {
  readonly buyers: readonly Buyer[];
  readonly charges: readonly LedgerEntry[];
  readonly payments: readonly Payment[];
}

/** What the two sides' books say differently. Pure, so that a planted fault can be tried on it. */
export function compareBooks({ buyers, charges, payments }: Books): readonly string[] {
  const faults: string[] = [];
  const paid = new Set(buyers.filter(({ isPaid }) => isPaid).map(({ checkoutId }) => checkoutId));
  const chargesOf = Map.groupBy(charges, ({ metadata: { checkout_id: id } }) =>
    typeof id === 'string' ? id : 'nobody',
  );
  const paymentsOf = Map.groupBy(payments, (payment) => payment.checkout_id ?? 'nobody');
  for (const [id, ofCheckout] of chargesOf) {
    if (!paid.has(id)) faults.push(`${id} was charged although its buyer did not pay`);
    if (ofCheckout.length > 1) faults.push(`${id} was charged ${ofCheckout.length} times`);
  }
  for (const id of new Set([...paid, ...chargesOf.keys(), ...paymentsOf.keys()])) {
    const theirs = (chargesOf.get(id) ?? []).map(linesOf).toSorted().join(' + ');
    const ours = (paymentsOf.get(id) ?? []).map(linesOf).toSorted().join(' + ');
    if (theirs !== ours || theirs === '')
      faults.push(`${id}: the provider took ${theirs || 'nothing'}, we recorded ${ours || 'nothing'}`);
  }
  return faults;
}

function linesOf(money: {
  readonly provider: string;
  readonly amount_minor: number | string;
  readonly currency: string;
}): string {
  return `${money.provider} ${money.amount_minor} ${money.currency}`;
}

export interface Verdict {
  readonly faults: readonly string[];
  readonly charged: Readonly<Record<string, number>>;
}

/** Waits until everything that can still move has come to rest, then compares three books: API, rows, ledger. */
export async function judge(input: {
  readonly target: Target;
  readonly sandbox: SandboxClient;
  readonly buyers: readonly Buyer[];
  readonly restMs: number;
}): Promise<Verdict> {
  const { target, sandbox, buyers, restMs } = input;
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  try {
    const restless = await awaitRest(database, restMs);
    const { rows: payments } = await database.query<Payment>(
      `select checkout_id, provider, amount_minor::text, currency from payments where status = 'succeeded'`,
    );
    const charges = (await sandbox.ledger()).filter(({ kind, status }) => kind === 'charge' && status === 'succeeded');
    return {
      faults: [
        ...restless,
        ...(await comparePages(target, buyers)),
        ...compareBooks({ buyers, charges, payments }),
        ...(await strangers(database, buyers)),
        ...(await workflowFaults(target, database)),
      ],
      charged: totals(charges),
    };
  } finally {
    await database.end();
  }
}

async function awaitRest(database: pg.Client, restMs: number): Promise<readonly string[]> {
  const deadline = Date.now() + restMs;
  for (;;) {
    const { rows } = await database.query<{ what: string }>(
      `select 'checkout ' || id || ' is still ' || status as what from checkouts where status in ('creating', 'open', 'pending')
       union all
       select 'webhook ' || id || ' (' || type || ') is ' || status || ': ' || coalesce(last_error, '') from provider_events
       where status in ('received', 'set_aside')
       union all
       select 'a session at ' || provider || ' beside checkout ' || checkout_id || ' is still ' || status
       from stray_sessions where resolved_at is null and not (status = 'unknown' and ${isFoundSession})`,
    );
    if (rows.length === 0) return [];
    if (Date.now() > deadline) return rows.map(({ what }) => what);
    await sleep(500);
  }
}

async function comparePages(target: Target, buyers: readonly Buyer[]): Promise<readonly string[]> {
  const faults = await inBatches(buyers, 4, async ({ checkoutId, isPaid }) => {
    const { status } = await getCheckout(target, checkoutId);
    const isRight = isPaid ? status === 'paid' : status === 'canceled' || status === 'expired';
    return isRight ? [] : [`${checkoutId} is ${status}, although its buyer ${isPaid ? 'paid' : 'walked away'}`];
  });
  return faults.flat();
}

/** A key that was sent twice must not have opened two; a checkout that nobody could serve (503) frees its key. */
async function strangers(database: pg.Client, buyers: readonly Buyer[]): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string; status: string }>(
    `select id, status from checkouts where status <> 'failed' and not id = any($1)`,
    [buyers.map(({ checkoutId }) => checkoutId)],
  );
  return rows.map(({ id, status }) => `${id} (${status}) belongs to no buyer`);
}

async function workflowFaults(target: Target, database: pg.Client): Promise<readonly string[]> {
  const connection = await Connection.connect({ address: target.temporal_address });
  try {
    const client = new Client({ connection, namespace: target.temporal_namespace });
    // What has just come to rest may still be closing, or looking once more.
    for (let tries = 60; ; tries -= 1) {
      const { rows: watched } = await database.query<{ id: string }>(
        `select 'resolve-stray/' || checkout_id || '/' || provider as id from stray_sessions where status = 'unknown'`,
      );
      const mayRun = new Set(watched.map(({ id }) => id));
      const faults: string[] = [];
      const query = `ExecutionStatus != 'Completed'`;
      for await (const { workflowId, status } of client.workflow.list({ query }))
        if (status.name !== 'RUNNING' || !mayRun.has(workflowId))
          faults.push(`workflow ${workflowId} is ${status.name}`);
      if (faults.length === 0 || tries === 0) return faults;
      await sleep(1_000);
    }
  } finally {
    await connection.close();
  }
}

function totals(charges: readonly LedgerEntry[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { provider, currency, amount_minor: amount } of charges) {
    const key = `${provider} ${currency}`;
    sums[key] = (sums[key] ?? 0) + amount;
  }
  return sums;
}
