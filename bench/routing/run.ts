import { bucketOf } from '../../src/domain/routing/bucket.ts';
import { compilePolicy, type Considered } from '../../src/domain/routing/compile-policy.ts';
import { route, type RouteRequest, type RoutingDecision } from '../../src/domain/routing/route.ts';
import { createReport, type Report } from '../report/report.ts';
import { aLongPolicy, aSeriesOfRequests, digestSeries, knownDigest, providers } from './questions.ts';

const ruleCount = 50;
const requestCount = 10_000;
const leastPerSecond = 200_000;
const rounds = 9;

/** Decisions per second of one core for a policy of 50 rules, beside a loop that makes nothing but the answer's shape. */
export function runRoutingBench(input: { readonly seed: number; readonly print: (line: string) => void }): Report {
  const compiled = compilePolicy(aLongPolicy(ruleCount));
  const requests = aSeriesOfRequests(requestCount, input.seed);
  const decide = (request: RouteRequest) => route(request, compiled, providers);
  const floor = (request: RouteRequest) => onlyTheAnswer(request, compiled.considered);
  const looked = requests.reduce((sum, request) => sum + decide(request).considered.length, 0) / requestCount;
  const rates: { decide: number; floor: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    rates.push({ floor: rateOf(floor, requests), decide: rateOf(decide, requests) });
    input.print(`round ${round + 1}: ${rates.at(-1)?.decide ?? 0} decisions/s, floor ${rates.at(-1)?.floor ?? 0}/s`);
  }
  const [rate, floorRate] = [median(rates.map((each) => each.decide)), median(rates.map((each) => each.floor))];
  const digest = digestSeries();
  return createReport({
    bench: 'routing',
    method: [
      `${requestCount} seeded requests against ${ruleCount} rules, ${looked.toFixed(1)} of them looked at on average; three providers`,
      `rates are per second of processor time of the one thread that decides: the median of ${rounds} rounds`,
      'floor: the same loop with the bucket’s hash and the object of the answer alone, no rule looked at',
    ],
    rows: [],
    facts: { rules: ruleCount, looked, decisionsPerSecond: rate, floorPerSecond: floorRate, ...digest },
    targets: [
      {
        what: `decisions per second and core, ${ruleCount} rules`,
        limit: `≥ ${leastPerSecond}`,
        measured: `${rate} (floor ${floorRate})`,
        isHeld: rate >= leastPerSecond,
      },
      {
        what: `the same ${digest.decisions} answers on every machine`,
        limit: knownDigest.hash,
        measured: digest.hash,
        isHeld: digest.hash === knownDigest.hash,
      },
    ],
  });
}

/** Everything that a decision has to make, and nothing that it has to find out. */
function onlyTheAnswer(request: RouteRequest, considered: readonly Considered[]): RoutingDecision {
  return {
    policy: 'long',
    policy_version: 1,
    rule: 'fallback',
    provider: 'universal',
    fallbacks: [],
    skipped: [],
    bucket: bucketOf(request.projectId, request.organizationId),
    country: request.evidence.country,
    country_source: request.evidence.source,
    considered: considered.slice(),
  };
}

/** Per second of processor time: what else runs on the machine does not count. */
function rateOf(act: (request: RouteRequest) => RoutingDecision, requests: readonly RouteRequest[]): number {
  const turns = 10;
  let sum = 0;
  const before = process.threadCpuUsage();
  for (let turn = 0; turn < turns; turn += 1) for (const request of requests) sum += act(request).bucket;
  const { system, user } = process.threadCpuUsage(before);
  // Used, so that no compiler finds out that nobody wants it.
  if (sum < 0) throw new Error('a bucket is below 0');
  return Math.round((turns * requests.length) / ((user + system) / 1e6));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
