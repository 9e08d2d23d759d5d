const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** The waits between attempts to deliver an event: ten attempts over three days and three hours. */
export const retryGapsMs: readonly number[] = [
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
];

/** An endpoint that has failed for this long, without one success, is disabled. */
export const disableAfterMs = 5 * 24 * hourMs;

/**
 * How long to wait after a failed attempt: up to a tenth longer than the schedule says, so that many that failed
 * together do not come back together.
 *
 * @param attempts Made so far, at least 1.
 * @param chance From 0 to 1.
 * @returns null: that was the last.
 */
export function retryGapMs(attempts: number, chance: number): number | null {
  const gapMs = retryGapsMs[attempts - 1];
  return gapMs === undefined ? null : Math.round(gapMs * (1 + chance / 10));
}
