import { loadavg } from 'node:os';
import pg from 'pg';
import { copyRows } from '../floor/copy-rows.ts';
import { startBareIngest } from '../floor/start-floor.ts';
import type { UsagePlan, UsageSamples } from '../load/plans.ts';
import { runUsageLoad } from '../load/run-load.ts';
import { createReport, type Report, type Row, type Target as Goal } from '../report/report.ts';
import { summarize } from '../report/statistics.ts';
import type { Target } from '../stack/target.ts';
import { importLoad } from './import-load.ts';
import { medianRss, watchMemory } from './memory.ts';
import { countStored, organizationCount, prepareUsage, removeUsage } from './prepare.ts';
import type { BenchInput } from '../stack/bench-input.ts';

export interface UsageBenchInput extends BenchInput {
  readonly seconds: number;
  /** Events per request. */
  readonly batch: number;
  /** Which: in batches, one at a time, or both. */
  readonly parts: readonly ('batch' | 'single')[];
  /** So many, while the API's memory is watched; null: for `seconds`. */
  readonly events: number | null;
  /** Those as one import instead of batches. */
  readonly isImport: boolean;
}

const batchConnections = 16;
const singleConnections = 64;
const eventsPerSecond = 50_000;
const singlesPerSecond = 3_000;
/** As many as the API's statements at once. */
const copyConnections = 2;
const floorFactor = 1.5;
const warmUpSeconds = 3;
const maxGrowthMb = 64;
const copiedEvents = 200_000;
const endless = 1e9;

/** What one part measured. */
interface Part {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** How fast usage comes in, in batches and one at a time, beside the least that storing it costs. */
export async function runUsageBench(input: UsageBenchInput): Promise<Report> {
  const database = new pg.Client({ connectionString: input.target.database_url });
  await database.connect();
  const run = await prepareUsage(database);
  const loadBefore = loadavg();
  try {
    const parts: Part[] = [];
    if (input.events !== null) parts.push(await measureMemory(input, database, run, input.events));
    else {
      if (input.parts.includes('batch')) parts.push(await measureBatches(input, database, run));
      if (input.parts.includes('single')) parts.push(await measureSingles(input, run));
    }
    return reportOf(input, parts, { loadBefore, loadAfter: loadavg() });
  } finally {
    input.print('removing what was sent');
    await removeUsage(database, run);
    await database.end();
  }
}

function planOf(input: UsageBenchInput, run: string, more: Partial<UsagePlan>): UsagePlan {
  const { target, batch, seconds } = input;
  const to = { origin: target.api_url, path: '/api/v1/billing/usage', key: target.secret_key };
  const shape = { organizations: organizationCount, run, series: 'warm', requests: endless, ratePerSecond: null };
  return { ...to, ...shape, connections: batchConnections, batch, seconds, ...more };
}

async function measureBatches(input: UsageBenchInput, database: pg.Client, run: string): Promise<Part> {
  const { batch, seconds, print, target } = input;
  print(`${warmUpSeconds} s unmeasured, COPY, then ${seconds} s of batches of ${batch}`);
  await runUsageLoad(planOf(input, run, { seconds: warmUpSeconds }));
  const floor = await copyRows({
    ...{ databaseUrl: target.database_url, run, batch, organizations: organizationCount },
    ...{ batches: Math.ceil(copiedEvents / batch), connections: copyConnections },
  });
  const before = await countStored(database, run);
  const cpuBefore = await apiCpuSeconds(target);
  const ours = await runUsageLoad(planOf(input, run, { series: 'batch' }));
  const cpu = (await apiCpuSeconds(target)) - cpuBefore;
  const stored = (await countStored(database, run)) - before;
  const rate = rateOf(ours, batch);
  const sent = ours.latenciesMs.length * batch;
  return {
    rows: [
      {
        what: `COPY of ${batch} rows and a commit, ${copyConnections} connections`,
        summary: summarize(floor.latenciesMs, 0),
      },
      {
        what: `a batch of ${batch}, ${batchConnections} connections at once`,
        summary: summarize(ours.latenciesMs, ours.errors),
      },
    ],
    goals: [
      rateGoal('events/s in batches', rate, eventsPerSecond, rateOf(floor, batch)),
      storedGoal(stored, sent, ours.errors),
    ],
    facts: {
      batch: {
        eventsPerSecond: rate,
        copyEventsPerSecond: rateOf(floor, batch),
        apiCpuMicrosecondsPerEvent: (cpu * 1e6) / sent,
        refusals: ours.refusals,
      },
    },
  };
}

/** As many as there is room for, ours and the floor's, then both at the rate of the target. */
async function measureSingles(input: UsageBenchInput, run: string): Promise<Part> {
  const { seconds, print, target } = input;
  print(`${warmUpSeconds} s unmeasured, then 4 x ${seconds} s of single events, ours and a bare endpoint`);
  const bare = await startBareIngest(target.database_url);
  try {
    const single = { batch: 1, connections: singleConnections };
    const toBare = { origin: bare.origin, path: '/usage' };
    const ratePerSecond = singlesPerSecond;
    const requests = ratePerSecond * seconds;
    const load = (series: string, more: Partial<UsagePlan>) =>
      runUsageLoad(planOf(input, run, { ...single, series, ...more }));
    await load('warm-1', { seconds: warmUpSeconds });
    await load('warm-2', { ...toBare, seconds: warmUpSeconds });
    const floor = await load('closed', toBare);
    const cpuBefore = await apiCpuSeconds(target);
    const ours = await load('closed', {});
    const cpu = (await apiCpuSeconds(target)) - cpuBefore;
    const oursPaced = await load('paced', { ratePerSecond, requests });
    const floorPaced = await load('paced', { ...toBare, ratePerSecond, requests });
    const row = (what: string, { latenciesMs, errors }: UsageSamples): Row => ({
      what,
      summary: summarize(latenciesMs, errors),
    });
    const rate = rateOf(ours, 1);
    const refused = ours.errors + oursPaced.errors;
    return {
      rows: [
        row(`bare endpoint, one insert, ${singleConnections} connections at once`, floor),
        row(`one event, ${singleConnections} connections at once`, ours),
        row(`bare endpoint, ${ratePerSecond}/s`, floorPaced),
        row(`one event, ${ratePerSecond}/s`, oursPaced),
      ],
      goals: [
        rateGoal('single events/s', rate, singlesPerSecond, rateOf(floor, 1)),
        { what: 'singles refused', limit: '0', measured: String(refused), isHeld: refused === 0 },
      ],
      facts: {
        single: {
          perSecond: rate,
          barePerSecond: rateOf(floor, 1),
          apiCpuMicrosecondsPerEvent: (cpu * 1e6) / ours.latenciesMs.length,
          refusals: [...ours.refusals, ...oursPaced.refusals],
        },
      },
    };
  } finally {
    await bare.stop();
  }
}

async function measureMemory(input: UsageBenchInput, database: pg.Client, run: string, events: number): Promise<Part> {
  const { batch, isImport, print, target } = input;
  const how = isImport ? 'one import' : `batches of ${batch}`;
  print(`${events} events in ${how}, looking at the API's memory every second`);
  const memory = watchMemory(target.api_url);
  const sent = isImport ? await sendImport(target, run, events) : await sendBatches(input, run, events);
  const samples = await memory.stop();
  const stored = await countStored(database, run);
  // The first tenth fills caches and pools.
  const [early, late] = [medianRss(samples, 0.1, 0.2), medianRss(samples, 0.9, 1)];
  const peak = Math.max(...samples.map(({ rssMb }) => rssMb));
  const growth = late - early;
  return {
    rows: sent.rows,
    goals: [
      {
        what: `growth of the API over ${events} events in ${how}`,
        limit: `<= ${maxGrowthMb} MB`,
        measured: `${growth.toFixed(0)} MB (${early.toFixed(0)} to ${late.toFixed(0)}, at most ${peak.toFixed(0)})`,
        isHeld: growth <= maxGrowthMb,
      },
      storedGoal(stored, sent.accepted, sent.refused),
    ],
    facts: { memory: { eventsPerSecond: Math.round((sent.accepted * 1_000) / sent.elapsedMs), samples } },
  };
}

async function sendBatches(input: UsageBenchInput, run: string, events: number) {
  const requests = Math.ceil(events / input.batch);
  const { latenciesMs, errors, elapsedMs } = await runUsageLoad(
    planOf(input, run, { series: 'many', requests, seconds: endless }),
  );
  const rows = [{ what: `a batch of ${input.batch}`, summary: summarize(latenciesMs, errors) }];
  return { rows, accepted: latenciesMs.length * input.batch, refused: errors, elapsedMs };
}

async function sendImport(target: Target, run: string, events: number) {
  const { accepted, rejected, elapsedMs } = await importLoad(target, { run, events });
  return { rows: [], accepted, refused: rejected, elapsedMs };
}

function rateOf({ latenciesMs, elapsedMs }: Pick<UsageSamples, 'latenciesMs' | 'elapsedMs'>, batch: number): number {
  return Math.round((latenciesMs.length * batch * 1_000) / elapsedMs);
}

/** Where the floor itself misses what is wanted, two thirds of the floor's rate count. */
function rateGoal(what: string, rate: number, wanted: number, floorRate: number): Goal {
  const isFloorSlow = floorRate < wanted;
  const least = isFloorSlow ? Math.ceil(floorRate / floorFactor) : wanted;
  const why = isFloorSlow ? ` (the floor has ${floorRate}, not ${wanted})` : '';
  return { what, limit: `>= ${least}${why}`, measured: String(rate), isHeld: rate >= least };
}

function storedGoal(stored: number, sent: number, refused: number): Goal {
  const measured = `${stored} of ${sent} stored, ${refused} requests refused`;
  return {
    what: 'accepted and stored',
    limit: 'all, none refused',
    measured,
    isHeld: stored === sent && refused === 0,
  };
}

/** What the API process has used so far. */
async function apiCpuSeconds({ api_url: url }: Target): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1] ?? Number.NaN);
}

function reportOf({ whose, batch, seconds }: UsageBenchInput, parts: readonly Part[], load: object): Report {
  return createReport({
    bench: 'usage',
    method: [
      `On ${whose}: one generator process, closed loop (each connection sends when it is answered) for ${seconds} s unless a rate is named.`,
      `Each event new, about 190 bytes, ${organizationCount} organizations in turn; batches of ${batch}.`,
      'Floors: COPY of the same rows into a table of the same shape with a commit per batch; bare Express, one prepared insert.',
    ],
    rows: parts.flatMap(({ rows }) => rows),
    facts: parts.reduce((all, { facts }) => ({ ...all, ...facts }), { ...load }),
    targets: parts.flatMap(({ goals }) => goals),
  });
}
