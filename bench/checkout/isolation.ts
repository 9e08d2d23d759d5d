import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { markets, type Market } from '../clients/billing.ts';
import { createSandboxClient } from '../clients/sandbox.ts';
import { runHttpLoad } from '../load/run-load.ts';
import { summarizeSamples } from '../report/statistics.ts';
import type { Row, Target as Goal } from '../report/report.ts';
import type { Target } from '../stack/target.ts';
import { endAll, isServed, slowDown } from './latency.ts';
import type { Organizations } from './organizations.ts';

/** A wave arrives within the 4 s that a call may hang, so at its end all of it is in flight. Then it has time to pass. */
const wave = { checkouts: 60, ratePerSecond: 15, everyMs: 12_000 };
const measuredRate = 5;
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
      what: `${measured.provider} ${measuredRate}/s while ${hanging.provider} in waves of ${wave.checkouts} answers`,
      summary: before.measured,
    },
    {
      what: `${measured.provider} ${measuredRate}/s while ${hanging.provider} in waves of ${wave.checkouts} hangs`,
      summary: during.measured,
    },
    { what: `  the checkouts meant for ${hanging.provider}, then`, summary: during.hanging },
  ];
  const goal: Goal = {
    what: `p99 at ${measured.provider} while ${hanging.provider} hangs with up to ${during.inFlight} checkouts in flight`,
    limit: `<= ${ratioLimit} x before (${(before.measured.p99 * ratioLimit).toFixed(1)} ms), no errors`,
    measured: `${ratio.toFixed(2)} x (${during.measured.p99.toFixed(1)} ms), ${during.measured.errors} errors`,
    isHeld: ratio <= ratioLimit && during.measured.errors === 0,
  };
  return { rows, goal, facts: { ratio, inFlight: during.inFlight, inFlightBefore: before.inFlight } };
}

async function runTraffic({ target, organizations, seconds }: IsolationInput, hanging: Market, measured: Market) {
  const load = (market: Market, ratePerSecond: number, count: number) =>
    runHttpLoad({
      origin: target.api_url,
      connections: 64,
      warmUpPath: '/healthz',
      ratePerSecond,
      keepBodies: true,
      requests: organizations.requests(count, [market]),
    });
  const waves = Math.max(2, Math.round((seconds * 1_000) / wave.everyMs));
  const measuring = load(measured, measuredRate, Math.round((measuredRate * waves * wave.everyMs) / 1_000));
  const counting = countInFlight(target, hanging, (waves * wave.everyMs) / 1_000);
  const disturbing = Array.from({ length: waves }, async (_, index) => {
    await sleep(index * wave.everyMs + 1_000);
    return load(hanging, wave.ratePerSecond, wave.checkouts);
  });
  const disturbed = (await Promise.all(disturbing)).flat();
  const samples = await measuring;
  return {
    all: [...samples, ...disturbed],
    measured: summarizeSamples(samples, isServed),
    hanging: summarizeSamples(disturbed, isServed),
    inFlight: await counting,
  };
}

/** The largest number of that market's checkouts that nobody has opened yet, looked at twice a second. */
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
  return Math.max(...counts);
}
