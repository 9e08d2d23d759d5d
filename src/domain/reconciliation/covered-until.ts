/** A run that went through. */
export interface CoveredWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: 'schedule' | 'request';
}

/**
 * Until when an account has been compared without a gap. A window that somebody asked for counts where it joins what was
 * covered; beyond a gap it proves nothing of the time between. The schedule always goes back as far as it must and can.
 *
 * @param runs In the order of their ends.
 * @returns null: nothing was compared yet.
 */
export function coveredUntil(runs: readonly CoveredWindow[]): number | null {
  return runs.reduce<number | null>((covered, { fromMs, toMs, cause }) => {
    if (covered === null) return toMs;
    const joins = fromMs <= covered || cause === 'schedule';
    return joins ? Math.max(covered, toMs) : covered;
  }, null);
}
