import { expireCheckout, markets, type CheckoutAnswer } from '../clients/billing.ts';
import { inBatches } from '../clients/in-batches.ts';
import { createSandboxClient, type SandboxClient } from '../clients/sandbox.ts';
import type { EmptyWorker } from '../floor/start-floor.ts';
import type { HttpSample } from '../load/plans.ts';
import { runHttpLoad, runUpdateLoad } from '../load/run-load.ts';
import { summarize } from '../report/statistics.ts';
import type { Row, Target as Goal } from '../report/report.ts';
import type { Target } from '../stack/target.ts';
import type { Organizations } from './organizations.ts';

/** What every call sleeps at the provider. */
export const providerMs = 100;
const overheadLimit = 1.5;

export interface LatencyInput {
  readonly target: Target;
  readonly organizations: Organizations;
  readonly floor: EmptyWorker;
  readonly rate: number;
  readonly seconds: number;
}

/** One rate: floor, checkouts, floor. */
export async function measureLatency({ target, organizations, floor, rate, seconds }: LatencyInput) {
  const half = () => measureFloor(target, floor, rate, Math.round((rate * seconds) / 2));
  const floorBefore = await half();
  const { samples, callsOf, tookMs } = await measureCheckouts(target, organizations, rate, rate * seconds);
  const floorMs = [...floorBefore, ...(await half())];
  const served = samples.filter(isServed);
  const errors = samples.length - served.length;
  const less = (timeOf: (provider: string) => number) =>
    summarize(
      served.map(({ ms, provider }) => ms - (callsOf.get(provider) ?? 1) * timeOf(provider)),
      errors,
    );
  const floorSummary = summarize(floorMs, 0);
  const overhead = less((provider) => tookMs.get(provider) ?? providerMs);
  const rows: Row[] = [
    { what: `empty update-with-start, ${rate}/s`, summary: floorSummary },
    {
      what: `checkout, ${rate}/s`,
      summary: summarize(
        served.map(({ ms }) => ms),
        errors,
      ),
    },
    { what: `  less the ${providerMs} ms that the provider sleeps`, summary: less(() => providerMs) },
    { what: `  less what the provider took (median)`, summary: overhead },
    ...markets.map(({ provider }) => {
      const ofProvider = served.filter((sample) => sample.provider === provider).map(({ ms }) => ms);
      return { what: `  at ${provider}, with its time`, summary: summarize(ofProvider, 0) };
    }),
  ];
  const ratio = overhead.p50 / floorSummary.p50;
  const goal: Goal = {
    what: `checkout at ${rate}/s: our overhead's p50`,
    limit: `<= ${overheadLimit} x floor (${(overheadLimit * floorSummary.p50).toFixed(1)} ms), no errors`,
    measured: `${ratio.toFixed(2)} x (${overhead.p50.toFixed(1)} ms), ${errors} errors`,
    isHeld: ratio <= overheadLimit && errors === 0,
  };
  const refusals = samples.filter((sample) => !isServed(sample)).slice(0, 3);
  return {
    rows,
    goal,
    facts: {
      providerCallsPerCheckout: Object.fromEntries(callsOf),
      providerMedianMs: Object.fromEntries(tookMs),
      overheadRatio: ratio,
      refusals,
    },
  };
}

async function measureFloor(target: Target, floor: EmptyWorker, rate: number, count: number) {
  const samples = await runUpdateLoad({
    address: target.temporal_address,
    namespace: target.temporal_namespace,
    taskQueue: floor.taskQueue,
    ratePerSecond: rate,
    count,
  });
  const failed = samples.find(({ error }) => error !== null);
  if (failed) throw new Error(`the floor itself failed: ${failed.error}`);
  return samples.map(({ ms }) => ms);
}

async function measureCheckouts(target: Target, organizations: Organizations, rate: number, count: number) {
  const sandbox = createSandboxClient(target);
  const requests = organizations.requests(count);
  const faultOf = await slowDown(sandbox);
  const startedAt = new Date().toISOString();
  const samples = await runHttpLoad({
    origin: target.api_url,
    connections: 32,
    warmUpPath: '/healthz',
    ratePerSecond: rate,
    keepBodies: true,
    requests,
  });
  const hits = await sandbox.faultHits();
  const calls = (await sandbox.requests()).filter(({ at }) => at >= startedAt);
  await sandbox.clearFaults();
  const withProvider = samples.map((sample, index) => ({
    ...sample,
    provider: requests[index]?.market.provider ?? '',
  }));
  const callsOf = new Map(
    [...faultOf].map(([provider, fault]) => {
      const checkouts = withProvider.filter((sample) => sample.provider === provider).length;
      return [provider, (hits.get(fault) ?? 0) / Math.max(1, checkouts)] as const;
    }),
  );
  // By its median: what a single call took longer stays with its checkout.
  const tookMs = new Map(
    [...faultOf.keys()].map((provider) => {
      const ofProvider = calls.filter((call) => call.provider === provider).map((call) => call.duration_ms);
      return [provider, summarize(ofProvider, 0).p50] as const;
    }),
  );
  await endAll(target, samples);
  return { samples: withProvider, callsOf, tookMs };
}

/** Gives every provider its own time per call. @returns the fault of each. */
export async function slowDown(sandbox: SandboxClient): Promise<ReadonlyMap<string, string>> {
  const faultOf = new Map<string, string>();
  for (const { provider } of markets) {
    const { id } = await sandbox.addFault({ provider, kind: 'latency', latency_ms: providerMs, rate: 1 });
    faultOf.set(provider, id);
  }
  return faultOf;
}

/** Open checkouts would look at their provider during the next measurement. */
export async function endAll(target: Target, samples: readonly HttpSample[]): Promise<void> {
  const ids = samples.filter(isServed).map(({ body }) => (JSON.parse(body ?? '{}') as CheckoutAnswer).checkout_id);
  await inBatches(ids, 4, (id) => expireCheckout(target, id).catch(() => 'left open'));
}

export function isServed(sample: HttpSample): boolean {
  return sample.status === 201;
}
