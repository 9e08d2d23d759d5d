/** How fast the plan goes on while the system has more than it can carry. */
const busyPace = 0.2;
const tickMs = 25;

export interface PlanClock {
  /** Resolves when the plan has come so far. */
  readonly until: (atMs: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly stop: () => void;
}

/**
 * The time of a run's plan: the wall's, but slower while too many buyers wait. So a slow machine gets the same storms and
 * deaths per buyer as a fast one, instead of all of them before its first buyer is served.
 *
 * @param isBusy Asked at each tick.
 */
export function createPlanClock(isBusy: () => boolean): PlanClock {
  let nowMs = 0;
  let lastMs = Date.now();
  let waiting: { readonly atMs: number; readonly resolve: () => void }[] = [];
  const timer = setInterval(() => {
    const wallMs = Date.now();
    nowMs += (wallMs - lastMs) * (isBusy() ? busyPace : 1);
    lastMs = wallMs;
    const due = waiting.filter(({ atMs }) => atMs <= nowMs);
    if (due.length === 0) return;
    waiting = waiting.filter(({ atMs }) => atMs > nowMs);
    for (const { resolve } of due) resolve();
  }, tickMs);
  return {
    until: (atMs) => new Promise((resolve) => void waiting.push({ atMs, resolve })),
    nowMs: () => nowMs,
    stop: () => clearInterval(timer),
  };
}
