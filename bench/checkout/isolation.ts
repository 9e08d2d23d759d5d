import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { markets, type Market } from '../clients/billing.ts';
import { createSandboxClient } from '../clients/sandbox.ts';
import type { HttpSample } from '../load/plans.ts';
import { runHttpLoad } from '../load/run-load.ts';
import { summarize } from '../report/statistics.ts';
import type { Row, Target as Goal } from '../report/report.ts';
import type { Target } from '../stack/target.ts';
import { endAll, isServed, slowDown } from './latency.ts';
import type { Organizations } from './organizations.ts';

/** 15/s that hang for the client's 4 s are 60 in flight. */
const hangingRate = 15;
const measuredRate = 5;
const settleMs = 5_000;
const ratioLimit = 1.3;

export interface IsolationInput {
  readonly target: Target;
  readonly organizations: Organizations;
  readonly seconds: number;
  readonly print: (line: string) => void;
}

/**
 * The same traffic twice: first both providers answer, then one of them hangs. Only the other one's checkouts count, so
 * the difference is what the hanging provider does to them.
 */
export async function measureIsolation(input: IsolationInput) {
  const sandbox = createSandboxClient(input.target);
  const [hanging, measured] = markets;
  if (hanging === undefined || measured === undefined) throw new Error('two markets are needed');
  await slowDown(sandbox);
  const before = await runTraffic(input, hanging, measured);
  await sandbox.addFault({ provider: hanging.provider, kind: 'timeout_before_work', rate: 1 });
  const during = await runTraffic(input, hanging, measured);
  await sandbox.clearFaults();
  await endAll(input.target, [...before.all, ...during.all]);
  const ratio = during.measured.p99 / before.measured.p99;
  const rows: Row[] = [
    {
      what: `${measured.provider} ${measuredRate}/s while ${hanging.provider} ${hangingRate}/s answers`,
      summary: before.measured,
    },
    {
      what: `${measured.provider} ${measuredRate}/s while ${hanging.provider} ${hangingRate}/s hangs`,
      summary: during.measured,
    },
    { what: `  the checkouts meant for ${hanging.provider}, then`, summary: during.hanging },
  ];
  const goal: Goal = {
    what: `p99 at ${measured.provider} while ${hanging.provider} hangs, ${during.inFlight} checkouts in flight at it`,
    limit: `<= ${ratioLimit} x before (${(before.measured.p99 * ratioLimit).toFixed(1)} ms), no errors`,
    measured: `${ratio.toFixed(2)} x (${during.measured.p99.toFixed(1)} ms), ${during.measured.errors} errors`,
    isHeld: ratio <= ratioLimit && during.measured.errors === 0,
  };
  return { rows, goal, facts: { ratio, inFlight: during.inFlight, inFlightBefore: before.inFlight } };
}

async function runTraffic({ target, organizations, seconds }: IsolationInput, hanging: Market, measured: Market) {
  const load = (market: Market, ratePerSecond: number, forSeconds: number) =>
    runHttpLoad({
      origin: target.api_url,
      connections: 128,
      warmUpPath: '/healthz',
      ratePerSecond,
      keepBodies: true,
      requests: organizations.requests(Math.round(ratePerSecond * forSeconds), [market]),
    });
  const disturbing = load(hanging, hangingRate, seconds + settleMs / 1_000);
  await sleep(settleMs);
  const counting = countInFlight(target, hanging, seconds);
  const samples = await load(measured, measuredRate, seconds);
  const disturbed = await disturbing;
  return {
    all: [...samples, ...disturbed],
    measured: summaryOf(samples),
    hanging: summaryOf(disturbed),
    inFlight: await counting,
  };
}

function summaryOf(samples: readonly HttpSample[]) {
  const served = samples.filter(isServed);
  return summarize(
    served.map(({ ms }) => ms),
    samples.length - served.length,
  );
}

/** The median number of that market's checkouts that nobody has opened yet, looked at twice a second. */
async function countInFlight(target: Target, { country }: Market, seconds: number): Promise<number> {
  const database = new pg.Client({ connectionString: target.database_url });
  await database.connect();
  const counts: number[] = [];
  for (let looks = 0; looks < seconds * 2; looks += 1) {
    await sleep(500);
    const { rows } = await database.query<{ count: number }>(
      `select count(*)::int as count from checkouts where status = 'creating' and country = $1`,
      [country],
    );
    counts.push(rows[0]?.count ?? 0);
  }
  await database.end();
  return summarize(counts, 0).p50;
}
