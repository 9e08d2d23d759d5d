import type { HttpSample } from '../load/plans.ts';

export interface Summary {
  readonly count: number;
  readonly errors: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles by nearest rank, in milliseconds; 0 where there is no sample. */
export function summarize(latenciesMs: readonly number[], errors: number): Summary {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length + errors, errors, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** The latencies of what was answered with the status that counts; everything else is an error. */
export function summarizeSamples(samples: readonly HttpSample[], isServed: (sample: HttpSample) => boolean): Summary {
  const served = samples.filter(isServed);
  return summarize(
    served.map(({ ms }) => ms),
    samples.length - served.length,
  );
}

/** 200: what most requests are answered with. */
export const isOk = ({ status }: HttpSample): boolean => status === 200;
