import { setTimeout as sleep } from 'node:timers/promises';

export interface OpenLoop<T> {
  readonly count: number;
  readonly ratePerSecond: number;
  /** Must not throw: what went wrong belongs into the sample. */
  readonly send: (index: number, intendedMs: number) => Promise<T>;
}

/**
 * Sends on a fixed schedule, whatever the answers do: a slow server does not slow its own test down. Each call gets the
 * moment at which it *should* have been sent (`performance.now()`); latency counts from there.
 */
export async function runOpenLoop<T>({ count, ratePerSecond, send }: OpenLoop<T>): Promise<readonly T[]> {
  const startMs = performance.now() + 20;
  const gapMs = 1_000 / ratePerSecond;
  const pending: Promise<T>[] = [];
  while (pending.length < count) {
    const dueMs = startMs + pending.length * gapMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    else pending.push(send(pending.length, dueMs));
  }
  return Promise.all(pending);
}
