import pg from 'pg';
import { startBareServer, type BareServer } from '../floor/start-floor.ts';
import type { HttpSample, PlannedRequest } from '../load/plans.ts';
import { runHttpLoad } from '../load/run-load.ts';
import { createReport, type Report, type Target as Goal } from '../report/report.ts';
import { isOk, summarizeSamples, type Summary } from '../report/statistics.ts';
import type { Target } from '../stack/target.ts';
import { hmac, signedHeaders, type StormEvent } from './events.ts';
import { awaitOutcome, type StormOutcome } from './outcome.ts';
import { prepareStorm } from './prepare.ts';
import { buildStorm, type Storm } from './storm.ts';
import type { LoadBenchInput } from '../stack/bench-input.ts';

export interface WebhookBenchInput extends LoadBenchInput {
  /** Checkouts whose payment only the storm tells of. */
  readonly paidPerSecond: number;
  readonly seed: number;
}

const connections = 64;
const p50AboveFloorMs = 2;
const p99LimitMs = 25;
const floorFactor = 1.5;

/** Acknowledgement of webhooks beside a bare endpoint's, and whether everything acknowledged was applied. */
export async function runWebhookBench(input: WebhookBenchInput): Promise<Report> {
  const { target, rate, seconds, paidPerSecond, seed, print } = input;
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  const bare = await startBareServer(target.database_url);
  try {
    print(`opening and paying ${paidPerSecond * seconds} checkouts whose webhooks the storm will bring`);
    const prepared = await prepareStorm(target, database, paidPerSecond * seconds);
    const storm = buildStorm({ ...prepared, count: rate * seconds, seed });
    print(`${storm.events.length} webhooks at ${rate}/s, and their floor`);
    const half = Math.floor(storm.events.length / 2);
    const floorBefore = await sendToFloor(bare, storm.events.slice(0, half), rate);
    const ours = await sendToUs(target, storm.events, rate);
    const floorAfter = await sendToFloor(bare, storm.events.slice(half), rate);
    print('waiting until every acknowledged one is applied');
    const outcome = await awaitOutcome(database, storm.uniqueEventIds, prepared.paid);
    const paidCount = prepared.paid.length;
    return reportOf(input, {
      storm,
      floor: summarizeSamples([...floorBefore, ...floorAfter], isOk),
      ours,
      outcome,
      paidCount,
    });
  } finally {
    await bare.stop();
    await database.end();
  }
}

function sendToUs(target: Target, events: readonly StormEvent[], ratePerSecond: number) {
  const requests = events.map((event): PlannedRequest => {
    const path = `/api/v1/webhooks/${event.provider}`;
    return { method: 'POST', path, headers: signedHeaders(target, event), body: event.body };
  });
  const shape = { connections, warmUpPath: '/healthz', ratePerSecond, keepBodies: true };
  return runHttpLoad({ ...shape, origin: target.api_url, requests });
}

function sendToFloor(bare: BareServer, events: readonly StormEvent[], ratePerSecond: number) {
  const requests = events.map(({ eventId, body }): PlannedRequest => {
    const headers = { 'x-event-id': eventId, 'x-signature': hmac(bare.secret, body).toString('hex') };
    return { method: 'POST', path: '/webhook', headers: { ...headers, 'content-type': 'application/json' }, body };
  });
  return runHttpLoad({
    connections,
    warmUpPath: '/healthz',
    ratePerSecond,
    keepBodies: false,
    origin: bare.origin,
    requests,
  });
}

interface Measured {
  readonly storm: Storm;
  readonly floor: Summary;
  readonly ours: readonly HttpSample[];
  readonly outcome: StormOutcome;
  readonly paidCount: number;
}

function reportOf({ whose, rate, seconds, seed }: WebhookBenchInput, measured: Measured): Report {
  const { storm, floor, ours, outcome, paidCount } = measured;
  const summary = summarizeSamples(ours, isOk);
  const bytes = storm.events.reduce((sum, { body }) => sum + body.length, 0) / storm.events.length;
  return createReport({
    bench: 'webhook',
    method: [
      `On ${whose}: open loop at ${rate}/s for ${seconds} s, one generator process, ${connections} kept-alive connections, seed ${seed}.`,
      `Mix: ${Object.entries(storm.mix)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ')}; ${Math.round(bytes)} bytes on average,`,
      'the sandbox’s own messages of one payment retold about other checkouts and signed as the provider signs.',
      'Relay, worker, Temporal and sandbox work off what is acknowledged during the measurement.',
      'Floor: bare Express, HMAC-SHA256, one insert into the same PostgreSQL; same bodies, half before and half after.',
    ],
    rows: [
      { what: `bare endpoint, ${rate}/s`, summary: floor },
      { what: `webhook acknowledged, ${rate}/s`, summary },
    ],
    facts: {
      mix: storm.mix,
      answers: answersOf(ours),
      outcome,
      paidCount,
      refused: ours.filter(({ status }) => status !== 200).slice(0, 3),
    },
    targets: goalsOf({ floor, summary, outcome, paidCount }),
  });
}

function goalsOf(input: {
  floor: Summary;
  summary: Summary;
  outcome: StormOutcome;
  paidCount: number;
}): readonly Goal[] {
  const { floor, summary, outcome, paidCount } = input;
  const isFloorLate = floor.p99 > p99LimitMs;
  const p99Limit = isFloorLate ? floorFactor * floor.p99 : p99LimitMs;
  const { lost, waiting, byStatus, paidByUs } = outcome;
  const setAside = byStatus['set_aside'] ?? 0;
  return [
    {
      what: 'acknowledgement p50',
      limit: `<= floor + ${p50AboveFloorMs} ms (${(floor.p50 + p50AboveFloorMs).toFixed(1)} ms)`,
      measured: `${summary.p50.toFixed(1)} ms`,
      isHeld: summary.p50 <= floor.p50 + p50AboveFloorMs,
    },
    {
      what: 'acknowledgement p99',
      limit: `<= ${p99Limit.toFixed(1)} ms${isFloorLate ? ` (${floorFactor} x floor, which misses ${p99LimitMs} ms)` : ''}`,
      measured: `${summary.p99.toFixed(1)} ms`,
      isHeld: summary.p99 <= p99Limit,
    },
    { what: 'refused', limit: '0', measured: String(summary.errors), isHeld: summary.errors === 0 },
    {
      what: 'acknowledged and applied',
      limit: 'none lost, waiting or set aside; all paid',
      measured: `${lost} lost, ${waiting} waiting, ${setAside} set aside; ${paidByUs} of ${paidCount} paid`,
      isHeld: lost + waiting + setAside === 0 && paidByUs === paidCount,
    },
  ];
}

function answersOf(samples: readonly HttpSample[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, body } of samples) {
    const answer = status === 200 ? String((JSON.parse(body ?? '{}') as { status?: unknown }).status) : String(status);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}
