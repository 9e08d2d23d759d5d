import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { createSandboxControl } from '../clients/sandbox.ts';
import { createReport, type Report } from '../report/report.ts';
import { summarize } from '../report/statistics.ts';
import { measureSignals } from './floor.ts';
import { countLooks } from './looks.ts';
import { prepareSubscriptions, type Subscribed } from './prepare.ts';
import { registerWebhook } from './register-webhook.ts';
import type { BenchInput } from '../stack/bench-input.ts';

export interface RenewalBenchInput extends BenchInput {
  /** Its accounts may be changed. */
  readonly isOwn: boolean;
  readonly count: number;
}

const limitMs = 300_000;
const floorFactor = 1.5;
/** Long after any of it should be done. */
const giveUpMs = 1_800_000;
/** A renewal's invoice is drafted with the period and finalized an hour later. */
const renewal = 'P1MT2H';

/** All subscriptions renew in the same second of the sandbox's clock: how long until every row says so, and is paid. */
export async function runRenewalBench(input: RenewalBenchInput): Promise<Report> {
  const { target, count, print } = input;
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  const connection = await Connection.connect({ address: target.temporal_address });
  const temporal = new Client({ connection, namespace: target.temporal_namespace });
  try {
    print(`the floor: ${count} signals to ${count} idle workflows`);
    const floorMs = await measureSignals(target, temporal, count);
    if (input.isOwn) await registerWebhook(target);
    const subscribed = await prepareSubscriptions({ target, database, temporal, count, print });
    await untilQuiet(database, subscribed);
    print('the month ends for all of them');
    const startedAt = new Date();
    const startMs = performance.now();
    await createSandboxControl(target)('POST', 'clock', { advance: renewal });
    const advancedMs = performance.now() - startMs;
    const curve = await watch(database, subscribed, startMs, print);
    const looks = await countLooks(temporal, subscribed, startedAt);
    return await reportOf(input, {
      floorMs,
      advancedMs,
      curve,
      looks,
      ...(await compare(input, database, subscribed)),
    });
  } finally {
    await connection.close();
    await database.end();
  }
}

/** Every workflow has read its provider once: none of that is left to be done while we measure. */
async function untilQuiet(database: pg.Client, subscribed: readonly Subscribed[]): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 1_000) {
    const { rows } = await database.query<{ read: number }>(
      'select count(distinct subscription_id)::int as read from invoices where subscription_id = any($1)',
      [subscribed.map(({ id }) => id)],
    );
    if ((rows[0]?.read ?? 0) === subscribed.length) return;
    if (waitedMs > giveUpMs) throw new Error(`only ${rows[0]?.read} of ${subscribed.length} workflows have begun`);
    await sleep(1_000);
  }
}

interface CurvePoint {
  readonly atMs: number;
  readonly applied: number;
}

/** Counts each second how many are in their new period and paid for it. */
async function watch(
  database: pg.Client,
  subscribed: readonly Subscribed[],
  startMs: number,
  print: (line: string) => void,
): Promise<readonly CurvePoint[]> {
  const curve: CurvePoint[] = [];
  for (;;) {
    const applied = await countApplied(database, subscribed);
    const atMs = performance.now() - startMs;
    curve.push({ atMs, applied });
    if (curve.length % 10 === 0) print(`${Math.round(atMs / 1_000)} s: ${applied} of ${subscribed.length} applied`);
    if (applied === subscribed.length || atMs > giveUpMs) return curve;
    await sleep(1_000);
  }
}

async function countApplied(database: pg.Client, subscribed: readonly Subscribed[]): Promise<number> {
  const { rows } = await database.query<{ applied: number }>(
    `select count(*)::int as applied from subscriptions s
     join unnest($1::text[], $2::float8[]) as before (id, period_end) on before.id = s.id
     where s.status = 'active' and s.current_period_start >= to_timestamp(before.period_end)
       and (select count(*) from payments where subscription_id = s.id and status = 'succeeded') >= 2`,
    [subscribed.map(({ id }) => id), subscribed.map(({ periodEnd }) => periodEnd)],
  );
  return rows[0]?.applied ?? 0;
}

/** Both books: what the sandbox charged these customers, and what our rows say. */
async function compare(
  { target }: RenewalBenchInput,
  database: pg.Client,
  subscribed: readonly Subscribed[],
): Promise<{ readonly chargedMinor: number; readonly bookedMinor: number }> {
  const ledger = await createSandboxControl(target)<
    readonly { kind: string; status: string; customer: string | null; amount_minor: number }[]
  >('GET', 'ledger');
  const customers = new Set(subscribed.map(({ customerId }) => customerId));
  const chargedMinor = ledger
    .filter(
      ({ kind, status, customer }) => kind === 'charge' && status === 'succeeded' && customers.has(customer ?? ''),
    )
    .reduce((sum, entry) => sum + entry.amount_minor, 0);
  const { rows } = await database.query<{ booked: string }>(
    `select coalesce(sum(amount_minor), 0)::text as booked from payments where status = 'succeeded' and subscription_id = any($1)`,
    [subscribed.map(({ id }) => id)],
  );
  return { chargedMinor, bookedMinor: Number(rows[0]?.booked) };
}

async function reportOf(
  { whose, isOwn, count }: RenewalBenchInput,
  measured: {
    readonly floorMs: number;
    readonly advancedMs: number;
    readonly curve: readonly CurvePoint[];
    readonly looks: number;
    readonly chargedMinor: number;
    readonly bookedMinor: number;
  },
): Promise<Report> {
  const { floorMs, curve, looks, chargedMinor, bookedMinor } = measured;
  const last = curve.at(-1) ?? { atMs: Number.POSITIVE_INFINITY, applied: 0 };
  const isFloorLate = floorFactor * floorMs > limitMs;
  const allowedMs = isFloorLate ? floorFactor * floorMs : limitMs;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const shares = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99].map((share) => {
    const point = curve.find(({ applied }) => applied >= share * count);
    return `${share * 100} % after ${point ? seconds(point.atMs) : 'never'}`;
  });
  return createReport({
    bench: 'renewals',
    method: [
      `On ${whose}: ${count} monthly subscriptions whose period ends in the same second; the sandbox's clock passes it at once.`,
      'Every webhook goes through the API, the inbox, the relay, the workflow and a read of the provider into the rows.',
      isOwn
        ? 'The provider sends the events that an endpoint of ours asks for, as it was registered through our API.'
        : "The sandbox sends every event there is: the running stack's address was not registered.",
      `${looks.toFixed(2)} reads of the provider per renewal.`,
      'Applied: the row is in its new period and has its payment. Floor: as many bare signals to as many idle workflows.',
      `The sandbox itself took ${seconds(measured.advancedMs)} to renew them; that is within the figure.`,
      `The curve: ${shares.join(', ')}.`,
    ],
    rows: [
      { what: `${count} bare signals`, summary: summarize([floorMs], 0) },
      { what: `${count} renewals`, summary: summarize([last.atMs], count - last.applied) },
    ],
    facts: { ...measured },
    targets: [
      {
        what: 'all renewals applied',
        limit: `<= ${seconds(allowedMs)}${isFloorLate ? ` (${floorFactor} x floor)` : ''}`,
        measured: `${last.applied} of ${count} after ${seconds(last.atMs)}`,
        isHeld: last.applied === count && last.atMs <= allowedMs,
      },
      {
        what: 'both books',
        limit: String(chargedMinor),
        measured: String(bookedMinor),
        isHeld: chargedMinor === bookedMinor,
      },
    ],
  });
}
