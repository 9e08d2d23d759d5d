import { z } from 'zod';
import { endAll, isServed, slowDown } from '../checkout/latency.ts';
import { warmOrganizations, type Organizations } from '../checkout/organizations.ts';
import { markets, type Market } from '../clients/billing.ts';
import { createSandboxClient } from '../clients/sandbox.ts';
import type { HttpSample } from '../load/plans.ts';
import { runHttpLoad } from '../load/run-load.ts';
import { createReport, type Report, type Row, type Target as Goal } from '../report/report.ts';
import { summarizeSamples } from '../report/statistics.ts';
import type { Target } from '../stack/target.ts';
import { secondsUntil } from './watch-breaker.ts';
import type { LoadBenchInput } from '../stack/bench-input.ts';

const warmUpSeconds = 20;
/** What is measured before the outage: enough for a steady p99, and no longer than the outage itself. */
const longestCalmSeconds = 240;
const ratioLimit = 1.3;
const openLimitSeconds = 10;
/** The longest time that a breaker stays open, and its trials. */
const recoveryLimitSeconds = 90;
const recoveryStepSeconds = 10;

export interface OutageBenchInput extends LoadBenchInput {
  /** Nobody uses the stack afterwards. */
  readonly isOwn: boolean;
  /** The country whose provider answers nothing. */
  readonly country: string;
}

interface Sample extends HttpSample {
  readonly market: Market;
}

/** One provider answers nothing: what the others' buyers notice, how its own are served, and how it comes back. */
export async function runOutageBench(input: OutageBenchInput): Promise<Report> {
  const { target, rate, seconds, print } = input;
  const affected = markets.find(({ country }) => country === input.country);
  if (!affected) throw new Error(`no market for ${input.country}: ${markets.map(({ country }) => country).join(', ')}`);
  const sandbox = createSandboxClient(target);
  print('warming up: every organization becomes a customer at its provider');
  const organizations = await warmOrganizations(target);
  await slowDown(sandbox);
  const load = (forSeconds: number) => runTraffic(target, organizations, rate, forSeconds);
  const all: Sample[][] = [];
  const keep = (samples: Sample[]) => (all.push(samples), samples);
  print('warming up: the same, unmeasured');
  keep(await load(warmUpSeconds));
  const calmSeconds = Math.min(seconds, longestCalmSeconds);
  print(`everybody answers: ${rate}/s for ${calmSeconds} s`);
  const before = keep(await load(calmSeconds));
  print(`${affected.provider} answers nothing: ${rate}/s for ${seconds} s`);
  const { id } = await sandbox.addFault({ provider: affected.provider, kind: 'timeout_before_work', rate: 1 });
  const watching = secondsUntil(target, { provider: affected.provider, state: 'open', withinSeconds: seconds });
  const during = keep(await load(seconds));
  const openedAfter = await watching;
  const calls = (await sandbox.faultHits()).get(id) ?? 0;
  print(`${affected.provider} answers again`);
  await sandbox.clearFaults();
  const back = await recover(input, affected, load, keep);
  if (!input.isOwn) await endAll(target, all.flat());
  return createReport({
    bench: 'outage',
    method: methodOf(input, affected, calmSeconds),
    ...figures({ affected, before, during, openedAfter, back, calls }),
  });
}

async function runTraffic(
  target: Target,
  organizations: Organizations,
  rate: number,
  seconds: number,
): Promise<Sample[]> {
  const requests = organizations.requests(Math.round(rate * seconds));
  const samples = await runHttpLoad({
    ...{ origin: target.api_url, connections: 64, warmUpPath: '/healthz', ratePerSecond: rate, keepBodies: true },
    requests,
  });
  return samples.flatMap((sample, index) => {
    const market = requests[index]?.market;
    return market === undefined ? [] : [{ ...sample, market }];
  });
}

/** Traffic goes on until the breaker closes by itself; then its own buyers must be served by it again. */
async function recover(
  { target, print }: OutageBenchInput,
  { provider, country }: Market,
  load: (seconds: number) => Promise<Sample[]>,
  keep: (samples: Sample[]) => Sample[],
) {
  const watching = secondsUntil(target, { provider, state: 'closed', withinSeconds: recoveryLimitSeconds });
  let isOver = false;
  void watching.then(() => (isOver = true)).catch(() => (isOver = true));
  while (!isOver) keep(await load(recoveryStepSeconds));
  const seconds = await watching;
  print(seconds === null ? 'its breaker did not close' : `its breaker closed after ${seconds.toFixed(1)} s`);
  const after = keep(await load(recoveryStepSeconds)).filter(({ market }) => market.country === country);
  return { seconds, after, servedByIt: after.filter((sample) => servedBy(sample).provider === provider).length };
}

const answerSchema = z.object({
  provider: z.string().nullable(),
  fallback: z.object({ attempted_provider: z.string(), reason: z.string() }).nullable(),
});

function servedBy(sample: HttpSample): z.output<typeof answerSchema> {
  const parsed = isServed(sample) ? answerSchema.safeParse(JSON.parse(sample.body ?? '{}')) : null;
  return parsed?.data ?? { provider: null, fallback: null };
}

interface Figures {
  readonly affected: Market;
  readonly before: readonly Sample[];
  readonly during: readonly Sample[];
  readonly openedAfter: number | null;
  readonly back: Awaited<ReturnType<typeof recover>>;
  readonly calls: number;
}

function figures({ affected, before, during, openedAfter, back, calls }: Figures) {
  const isAffected = ({ market }: Sample) => market === affected;
  const others = { before: before.filter((s) => !isAffected(s)), during: during.filter((s) => !isAffected(s)) };
  const theirs = during.filter(isAffected);
  const told = theirs.filter((sample) => servedBy(sample).fallback?.attempted_provider === affected.provider);
  const othersBefore = summarizeSamples(others.before, isServed);
  const othersDuring = summarizeSamples(others.during, isServed);
  const ratio = othersDuring.p99 / othersBefore.p99;
  const name = affected.provider;
  const rows: Row[] = [
    { what: 'the others, before', summary: othersBefore },
    { what: `the others, while ${name} answers nothing`, summary: othersDuring },
    { what: `buyers meant for ${name}, before`, summary: summarizeSamples(before.filter(isAffected), isServed) },
    { what: `  while it answers nothing`, summary: summarizeSamples(theirs, isServed) },
    { what: `  when it is back`, summary: summarizeSamples(back.after, isServed) },
  ];
  const seconds = (value: number | null) => (value === null ? 'never' : `${value.toFixed(1)} s`);
  const targets: Goal[] = [
    {
      what: `p99 of the others while ${name} answers nothing`,
      limit: `<= ${ratioLimit} x before (${(othersBefore.p99 * ratioLimit).toFixed(1)} ms), no errors`,
      measured: `${ratio.toFixed(2)} x (${othersDuring.p99.toFixed(1)} ms), ${othersDuring.errors} errors`,
      isHeld: ratio <= ratioLimit && othersDuring.errors === 0,
    },
    {
      what: 'its breaker opens',
      limit: `<= ${openLimitSeconds} s`,
      measured: seconds(openedAfter),
      isHeld: openedAfter !== null && openedAfter <= openLimitSeconds,
    },
    {
      what: `every buyer meant for ${name} is served, and told of the fallback`,
      limit: `${theirs.length} of ${theirs.length}`,
      measured: `${told.length}`,
      isHeld: theirs.length > 0 && told.length === theirs.length,
    },
    {
      what: 'it is back by itself',
      limit: `<= ${recoveryLimitSeconds} s, then it serves all of its own`,
      measured: `${seconds(back.seconds)}, ${back.servedByIt} of ${back.after.length}`,
      isHeld: back.seconds !== null && back.after.length > 0 && back.servedByIt === back.after.length,
    },
  ];
  const reasons = Object.groupBy(theirs, (sample) => servedBy(sample).fallback?.reason ?? 'not told');
  const facts = {
    ...{ ratio, openedAfterSeconds: openedAfter, recoveredAfterSeconds: back.seconds, callsToTheDeadProvider: calls },
    fallbackReasons: Object.fromEntries(Object.entries(reasons).map(([reason, some]) => [reason, some?.length ?? 0])),
  };
  return { rows, targets, facts };
}

function methodOf({ whose, rate, seconds }: OutageBenchInput, { provider, country }: Market, calmSeconds: number) {
  return [
    `On ${whose}: open loop at ${rate}/s over US, MX and RU in turn, ${calmSeconds} s before and ${seconds} s during the outage.`,
    `Outage: the sandbox answers no call of ${provider} (buyers in ${country}); each provider call else sleeps as in the checkout bench.`,
    'The breaker is watched through GET /ops/providers, five times a second. Traffic goes on until it has closed by itself.',
  ];
}
