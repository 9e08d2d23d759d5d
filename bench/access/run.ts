import pg from 'pg';
import { startBareReader, type BareReader } from '../floor/start-floor.ts';
import type { HttpSample, PlannedRequest } from '../load/plans.ts';
import { runHttpLoad } from '../load/run-load.ts';
import { createReport, type Report, type Row, type Target as Goal } from '../report/report.ts';
import { isOk, summarizeSamples, type Summary } from '../report/statistics.ts';
import type { Target } from '../stack/target.ts';
import { makeOrganizations, organizationCount, removeOrganizations } from './organizations.ts';
import type { LoadBenchInput } from '../stack/bench-input.ts';

const connections = 64;
const warmUpSeconds = 5;
const p99LimitMs = 5;
const floorFactor = 1.5;
const questions = ['plan=pro', 'feature=beta', 'limit=api_calls', 'plan=enterprise'];

/** `GET /billing/access` beside a bare endpoint that reads one row of the same table. */
export async function runAccessBench(input: LoadBenchInput): Promise<Report> {
  const { target, rate, seconds, print } = input;
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  const organizations = await makeOrganizations(database);
  const bare = await startBareReader(target.database_url);
  try {
    const ours = (count: number) => load(target.api_url, rate, askUs(target, organizations, count));
    const floor = (count: number) => load(bare.origin, rate, askFloor(organizations, count));
    print(`${warmUpSeconds} s of each unmeasured, then ${seconds} s at ${rate}/s`);
    await floor(rate * warmUpSeconds);
    await ours(rate * warmUpSeconds);
    const half = Math.ceil((rate * seconds) / 2);
    const before = await floor(half);
    const samples = await ours(rate * seconds);
    const after = await floor(half);
    return reportOf(input, { floor: summarizeSamples([...before, ...after], isOk), samples });
  } finally {
    await bare.stop();
    await removeOrganizations(database, organizations);
    await database.end();
  }
}

function load(origin: BareReader['origin'], ratePerSecond: number, requests: readonly PlannedRequest[]) {
  return runHttpLoad({ origin, connections, warmUpPath: '/healthz', ratePerSecond, keepBodies: true, requests });
}

/** Organizations one after the other in a stride, so that neighbours are not asked about together. */
function organizationAt(organizations: readonly string[], index: number): string {
  return organizations[(index * 7_919) % organizations.length] ?? '';
}

function askUs(target: Target, organizations: readonly string[], count: number): readonly PlannedRequest[] {
  const headers = { authorization: `Bearer ${target.secret_key}` };
  return Array.from({ length: count }, (_, index) => {
    const question = questions[index % questions.length] ?? '';
    const path = `/api/v1/billing/access?organization_id=${organizationAt(organizations, index)}&${question}`;
    return { method: 'GET', path, headers, body: '' };
  });
}

function askFloor(organizations: readonly string[], count: number): readonly PlannedRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const path = `/access?organization_id=${organizationAt(organizations, index)}`;
    return { method: 'GET', path, headers: {}, body: '' };
  });
}

/** Right answers only: three of the four questions are about what everybody has. */
function isRight({ status, body }: HttpSample, index: number): boolean {
  if (status !== 200) return false;
  const isAllowed = /"allowed":true/.test(body ?? '');
  return isAllowed === (index % questions.length !== questions.length - 1);
}

function reportOf(
  { whose, rate, seconds }: LoadBenchInput,
  { floor, samples }: { readonly floor: Summary; readonly samples: readonly HttpSample[] },
): Report {
  const summary = summarizeSamples(samples, isOk);
  const wrong = samples.filter((sample, index) => !isRight(sample, index)).length;
  const rows: Row[] = [
    { what: `bare endpoint, one row, ${rate}/s`, summary: floor },
    { what: `access, ${rate}/s`, summary },
  ];
  return createReport({
    bench: 'access',
    method: [
      `On ${whose}: open loop at ${rate}/s for ${seconds} s, one generator process, ${connections} kept-alive connections.`,
      `${organizationCount} organizations, each with a subscription and two feature flags; four questions in turn.`,
      'Floor: bare Express, no key, one prepared read of one row of the same table; half before and half after.',
    ],
    rows,
    facts: { wrong, p50Ratio: summary.p50 / floor.p50, p99Ratio: summary.p99 / floor.p99 },
    targets: goalsOf(floor, summary, wrong),
  });
}

function goalsOf(floor: Summary, summary: Summary, wrong: number): readonly Goal[] {
  const isFloorLate = floor.p99 > p99LimitMs;
  const limit = isFloorLate ? floorFactor * floor.p99 : p99LimitMs;
  const told = isFloorLate ? ` (${floorFactor} x floor, which misses ${p99LimitMs} ms)` : '';
  return [
    {
      what: 'access p99',
      limit: `<= ${limit.toFixed(1)} ms${told}`,
      measured: `${summary.p99.toFixed(1)} ms, ${(summary.p99 / floor.p99).toFixed(2)} x floor`,
      isHeld: summary.p99 <= limit,
    },
    { what: 'wrong or refused', limit: '0', measured: String(wrong), isHeld: wrong === 0 },
  ];
}
