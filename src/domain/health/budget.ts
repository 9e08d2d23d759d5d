/** What a provider lets one account do. */
export interface RateLimit {
  readonly perSecond: number;
  /** Calls that may come at once after a quiet time. */
  readonly burst: number;
}

/** One account's token bucket, as all processes share it. null: nobody has called yet, it is full. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export type Priority = 'foreground' | 'background';

export interface Lease {
  /** Whole calls that the process may make; 0: none now. */
  readonly granted: number;
  readonly bucket: Bucket;
  /** How long until one call may be leased; 0 when something was granted. */
  readonly waitMs: number;
}

/** What those who wait for an answer find in the bucket however busy the background is. */
const backgroundLeaves = 0.5;

/** A process leases calls for about this long: few questions to the database, little lost with a process that stops. */
const leaseForMs = 250;

/** Tokens leased and not used by then are dropped: calls saved up over hours would come on top of the limit. */
export const leaseKeptMs = 2_000;

/**
 * A 429 that says no time. Short enough to be waited for by a buyer's call: at some providers it is about one object
 * that is locked, not about the account.
 */
export const pauseUnsaidMs = 250;

/** One header must not turn a provider off for a day; if it meant it, it says so again. */
export const longestPauseMs = 300_000;

/** How many calls to lease at once. */
export function leaseSize({ perSecond, burst }: RateLimit): number {
  return Math.max(1, Math.min(Math.ceil((perSecond * leaseForMs) / 1_000), Math.floor(burst * backgroundLeaves)));
}

/** What is in the bucket at that time; fractions are calls to come. */
export function refilled(bucket: Bucket | null, limit: RateLimit, nowMs: number): Bucket {
  if (bucket === null) return { tokens: limit.burst, atMs: nowMs };
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(limit.burst, bucket.tokens + (limit.perSecond * elapsedMs) / 1_000);
  return { tokens, atMs: Math.max(bucket.atMs, nowMs) };
}

/** Takes up to `wanted` calls out of the bucket for one process. */
export function leaseCalls(
  before: Bucket | null,
  limit: RateLimit,
  input: { readonly wanted: number; readonly priority: Priority; readonly nowMs: number },
): Lease {
  const bucket = refilled(before, limit, input.nowMs);
  // At least one call beyond what is left alone must fit, or the background would wait for ever.
  const kept = input.priority === 'background' ? Math.min(limit.burst * backgroundLeaves, limit.burst - 1) : 0;
  const free = Math.floor(bucket.tokens - kept);
  if (free < 1) {
    const waitMs = Math.ceil(((1 + kept - bucket.tokens) * 1_000) / limit.perSecond);
    return { granted: 0, bucket, waitMs };
  }
  const granted = Math.min(input.wanted, free);
  return { granted, bucket: { ...bucket, tokens: bucket.tokens - granted }, waitMs: 0 };
}

/** Until when the account is left alone after a 429. Never shortens a pause. */
export function pausedUntil(beforeMs: number | null, retryAfterMs: number | null, nowMs: number): number {
  const pauseMs = Math.min(retryAfterMs ?? pauseUnsaidMs, longestPauseMs);
  return Math.max(beforeMs ?? 0, nowMs + pauseMs);
}
