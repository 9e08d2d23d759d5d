/** Two clocks, and a provider's lists that show a change late: consecutive windows overlap by this much. */
export const overlapMs = 5 * 60_000;

/**
 * A difference is told only when it is still there this long after it was first seen: in between, a webhook in flight,
 * a read that lagged, a workflow at work have had their time.
 */
export const graceMs = 2 * 60_000;

export interface AskedWindow {
  /** ISO. */
  readonly since: string;
  readonly until: string;
  /** Whether the provider can no longer tell of the beginning. */
  readonly isCut: boolean;
}

/**
 * What the provider is asked for so that nothing in `[from, to)` is passed over: a little more at the beginning, and no
 * more than it can tell. What changes during the run lies after `to`, and so in the next run's window.
 *
 * @param horizonMs How far back the provider can tell.
 */
export function askedWindow(run: {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
  readonly horizonMs: number;
}): AskedWindow {
  const wantedMs = run.fromMs - overlapMs;
  const sinceMs = Math.max(wantedMs, run.nowMs - run.horizonMs);
  return {
    since: new Date(Math.min(sinceMs, run.toMs)).toISOString(),
    until: new Date(run.toMs).toISOString(),
    isCut: sinceMs > run.fromMs,
  };
}

/** The window of a scheduled run: from where the last one ended. Without one before, the last day. */
export function nextWindow(input: { readonly lastToMs: number | null; readonly nowMs: number }): {
  readonly fromMs: number;
  readonly toMs: number;
} {
  const fromMs = input.lastToMs ?? input.nowMs - firstWindowMs;
  return { fromMs: Math.min(fromMs, input.nowMs - 1), toMs: input.nowMs };
}

const firstWindowMs = 86_400_000;
