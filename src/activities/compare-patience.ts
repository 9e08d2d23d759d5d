import { BillingError } from '../domain/errors.ts';

/** Calls a provider for the background: what the account's budget refuses is asked again later. */
export type Patience = <T>(call: () => Promise<T>) => Promise<T>;

/** An operation may be several calls, and a small account refills slowly: each wait is long enough for some more. */
const waitsMs = [1_000, 2_000, 4_000, 8_000, 16_000];

/**
 * Once an operation was refused, all go one after another: side by side they would use up each other's budget, and none
 * of those that take several calls would ever come to its end.
 *
 * @throws {BillingError} `provider_rate_limited` when an operation was refused again after half a minute.
 */
export function createPatience(sleep: (ms: number) => Promise<unknown>): Patience {
  let line: Promise<unknown> | null = null;
  return async function patiently<T>(call: () => Promise<T>): Promise<T> {
    if (line === null) {
      try {
        return await call();
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
    const mine = (line ?? Promise.resolve()).then(() => withWaits(call, sleep));
    line = mine.catch(() => undefined);
    return mine;
  };
}

async function withWaits<T>(call: () => Promise<T>, sleep: (ms: number) => Promise<unknown>): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await call();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await sleep(Math.max(waitMs, error.retryAfterMs ?? 0));
    }
  }
  return call();
}

/** Surely not sent, and welcome later. */
function isRefusal(error: unknown): error is BillingError {
  return error instanceof BillingError && error.kind === 'rate_limited';
}
