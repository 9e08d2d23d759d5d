import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { startBareServer, type BareServer } from '../floor/start-floor.ts';
import type { PlannedRequest } from '../load/plans.ts';
import { runHttpLoad } from '../load/run-load.ts';
import { createReport, type Report, type Row, type Target as Goal } from '../report/report.ts';
import { isOk, summarizeSamples, type Summary } from '../report/statistics.ts';
import type { Target } from '../stack/target.ts';
import { hmac } from '../webhook/events.ts';
import type { LoadBenchInput } from '../stack/bench-input.ts';

const connections = 64;
const organizations = 100;
const p99LimitMs = 10;
const floorFactor = 1.5;
const warmUpSeconds = 3;

/** The provider whose portal is one address for everybody: it costs no call, so all that is measured is ours. */
const callFreeProvider = 'fungies';

/** What `GET /billing/customer/portal` adds to a provider's own time, and our own page's link, which is a write. */
export async function runPortalBench(input: LoadBenchInput): Promise<Report> {
  const { target, rate, seconds, print } = input;
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  const bare = await startBareServer(target.database_url);
  try {
    const run = randomUUID().slice(0, 8);
    const atProvider = await prepare(database, `bench_${run}_p`, callFreeProvider);
    const ours = await prepare(database, `bench_${run}_o`, null);
    print(`warming up for ${warmUpSeconds} s`);
    await measure(target, [...atProvider, ...ours], rate, warmUpSeconds);
    print(`${rate}/s for ${seconds} s each: floor, a provider's portal, our own page, floor`);
    const before = await measureFloor(bare, rate, seconds / 2);
    const links = summarizeSamples(await measure(target, atProvider, rate, seconds), isOk);
    const pages = summarizeSamples(await measure(target, ours, rate, seconds), isOk);
    const after = await measureFloor(bare, rate, seconds / 2);
    const floor = summarizeSamples([...before, ...after], isOk);
    const rows: Row[] = [
      { what: `bare endpoint, one insert, ${rate}/s`, summary: floor },
      { what: "a provider's portal, less the provider (it makes no call)", summary: links },
      { what: 'our own page: a read and an insert', summary: pages },
    ];
    const goals = [
      goalOf(`a provider's portal at ${rate}/s`, floor, links),
      goalOf(`our own page at ${rate}/s`, floor, pages),
    ];
    const facts = { linksP99Ratio: links.p99 / floor.p99, pagesP99Ratio: pages.p99 / floor.p99 };
    return createReport({ bench: 'portal', method: methodOf(input), rows, facts, targets: goals });
  } finally {
    await bare.stop();
    await database.end();
  }
}

/** @returns organizations: customers of a provider, or subscribers of something free. */
async function prepare(database: pg.Client, prefix: string, provider: string | null): Promise<readonly string[]> {
  const ids = Array.from({ length: organizations }, (_, index) => `${prefix}${index}`);
  await database.query(`insert into organizations (id, project_id, live) select unnest($1::text[]), 'default', false`, [
    ids,
  ]);
  if (provider !== null)
    await database.query(
      `insert into provider_customers (provider, provider_customer_id, project_id, live, organization_id)
       select $2, 'cus_' || id, 'default', false, id from unnest($1::text[]) id`,
      [ids, provider],
    );
  else
    await database.query(
      `insert into subscriptions (id, plan_id, price_id, status, billing_interval, quantity, amount_minor, currency,
         collection, project_id, live, organization_id)
       select 'sub_' || named.id, plan.id, price.id, 'active', 'monthly', 1, 0, price.currency, 'none', 'default', false, named.id
       from unnest($1::text[]) as named (id),
         lateral (select * from plans where key = 'free' and project_id = 'default' limit 1) plan,
         lateral (select * from prices where plan_id = plan.id limit 1) price`,
      [ids],
    );
  return ids;
}

function measure(target: Target, ids: readonly string[], rate: number, seconds: number) {
  const headers = { authorization: `Bearer ${target.secret_key}` };
  const requests = Array.from({ length: Math.round(rate * seconds) }, (_, index): PlannedRequest => {
    const query = `organization_id=${ids[index % ids.length]}&return_url=https://app.example/billing`;
    return { method: 'GET', path: `/api/v1/billing/customer/portal?${query}`, headers, body: '' };
  });
  return send(target.api_url, requests, rate);
}

function measureFloor(bare: BareServer, rate: number, seconds: number) {
  const requests = Array.from({ length: Math.round(rate * seconds) }, (): PlannedRequest => {
    const body = '{}';
    const signature = hmac(bare.secret, body).toString('hex');
    const headers = { 'x-event-id': randomUUID(), 'x-signature': signature, 'content-type': 'application/json' };
    return { method: 'POST', path: '/webhook', headers, body };
  });
  return send(bare.origin, requests, rate);
}

function send(origin: string, requests: readonly PlannedRequest[], ratePerSecond: number) {
  return runHttpLoad({ connections, warmUpPath: '/healthz', keepBodies: false, origin, ratePerSecond, requests });
}

function goalOf(what: string, floor: Summary, summary: Summary): Goal {
  const isFloorLate = floor.p99 > p99LimitMs;
  const limit = isFloorLate ? floorFactor * floor.p99 : p99LimitMs;
  const told = isFloorLate ? ` (${floorFactor} x floor, which misses ${p99LimitMs} ms)` : '';
  return {
    what: `${what}: our overhead's p99`,
    limit: `<= ${limit.toFixed(1)} ms${told}, no errors`,
    measured: `${summary.p99.toFixed(1)} ms, ${(summary.p99 / floor.p99).toFixed(2)} x floor, ${summary.errors} errors`,
    isHeld: summary.p99 <= limit && summary.errors === 0,
  };
}

function methodOf({ whose, rate, seconds }: LoadBenchInput): readonly string[] {
  return [
    `On ${whose}: open loop at ${rate}/s, ${seconds} s each; one generator process, ${connections} kept-alive connections.`,
    `${organizations} organizations in turn; ${warmUpSeconds} s unmeasured before.`,
    'Floor: a bare Express process on the same PostgreSQL, one HMAC and one insert, half before and half after.',
  ];
}
