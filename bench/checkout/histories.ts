import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { checkoutWorkflowId } from '../../src/workflows/messages.ts';
import { markets, openCheckout, type Market } from '../clients/billing.ts';
import { createSandboxClient } from '../clients/sandbox.ts';
import type { Target as Goal } from '../report/report.ts';
import type { Target } from '../stack/target.ts';
import type { Organizations } from './organizations.ts';

const checkoutsPerProvider = 4;
const eventLimit = 18;
const byteLimit = 6 * 1024;
const quietMs = 3_000;

interface HistorySize {
  readonly events: number;
  readonly bytes: number;
}

/**
 * What a paid one-time checkout leaves in Temporal, its provider's whole webhook sequence delivered: the checkout's own
 * history and those of workflows that late webhooks started.
 */
export async function measureHistories(target: Target, organizations: Organizations) {
  const connection = await Connection.connect({ address: target.temporal_address });
  const client = new Client({ connection, namespace: target.temporal_namespace });
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  try {
    const facts: Record<string, unknown> = {};
    const goals: Goal[] = [];
    for (const market of markets) {
      const sizes: HistorySize[] = [];
      for (const request of organizations.requests(checkoutsPerProvider, [market])) {
        const { checkout_id: id } = await openCheckout(target, request);
        sizes.push(await payAndMeasure({ target, client, database, market, id }));
      }
      const events = Math.max(...sizes.map((size) => size.events));
      const bytes = Math.max(...sizes.map((size) => size.bytes));
      facts[market.provider] = { events, bytes, sizes, timeline: await webhooksOf(database, market) };
      goals.push({
        what: `history of a checkout paid at ${market.provider}, the largest of ${sizes.length}`,
        limit: `<= ${eventLimit} events, <= ${byteLimit} bytes`,
        measured: `${events} events, ${bytes} bytes`,
        isHeld: events <= eventLimit && bytes <= byteLimit,
      });
    }
    return { facts, goals };
  } finally {
    await database.end();
    await connection.close();
  }
}

interface Measured {
  readonly target: Target;
  readonly client: Client;
  readonly database: pg.Client;
  readonly market: Market;
  readonly id: string;
}

async function payAndMeasure({ target, client, database, market, id }: Measured): Promise<HistorySize> {
  const { rows: before } = await database.query<{ now: string }>('select now()::text as now');
  await createSandboxClient(target).complete(market.provider, id, 'paid');
  const handle = client.workflow.getHandle(checkoutWorkflowId(id));
  await Promise.race([
    handle.result(),
    sleep(30_000, undefined, { ref: false }).then(() => {
      throw new Error(`${id} was not paid within 30 s`);
    }),
  ]);
  const late = await lateWorkflows(database, before[0]?.now ?? '');
  const all = await Promise.all(
    [handle, ...late.map((each) => client.workflow.getHandle(each))].map((each) => each.describe()),
  );
  return {
    events: all.reduce((sum, { historyLength }) => sum + historyLength, 0),
    bytes: all.reduce((sum, { historySize }) => sum + (historySize ?? 0), 0),
  };
}

/** Once no webhook has come or waited for a while. Nothing else runs meanwhile, so whatever came belongs to this one. */
async function lateWorkflows(database: pg.Client, since: string): Promise<readonly string[]> {
  for (;;) {
    await sleep(quietMs);
    const { rows } = await database.query<{ delivered_to: string | null; is_busy: boolean }>(
      `select distinct delivered_to, bool_or(status = 'received' or created_at > now() - interval '3 s') over () as is_busy
       from provider_events where created_at >= $1::timestamptz`,
      [since],
    );
    if (rows.some(({ is_busy: isBusy }) => isBusy)) continue;
    return rows.flatMap(({ delivered_to: to }) => (to?.startsWith('fact/') ? [to] : []));
  }
}

/** The types that came, and what became of them. */
async function webhooksOf(database: pg.Client, { provider }: Market): Promise<unknown> {
  const { rows } = await database.query(
    `select type, status, split_part(coalesce(delivered_to, ''), '/', 1) as target, count(*)::int as count
     from provider_events where provider = $1 group by 1, 2, 3 order by 1`,
    [provider],
  );
  return rows;
}
