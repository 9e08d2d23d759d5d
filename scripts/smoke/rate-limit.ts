export interface RateLimit {
  /** Resolves when the next call may leave. */
  pass(): Promise<void>;
}

/** A token bucket: `burst` calls at once, then `perSecond`. Callers pass in the order they came. */
export function createRateLimit(input: {
  readonly perSecond: number;
  readonly burst: number;
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
}): RateLimit {
  const now = input.now ?? (() => performance.now());
  const sleep = input.sleep ?? ((ms: number) => new Promise<void>((done) => setTimeout(done, ms)));
  const everyMs = 1000 / input.perSecond;
  /** When the bucket is full again; each call moves it by one interval. */
  let fullAt = now();
  return {
    async pass() {
      fullAt = Math.max(fullAt, now()) + everyMs;
      const waitMs = fullAt - now() - input.burst * everyMs;
      if (waitMs > 0) await sleep(waitMs);
    },
  };
}
