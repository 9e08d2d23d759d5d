/** How calls ended: `failed` for no answer or a server's error, `answered` for everything else. */
export interface Tally {
  readonly answered: number;
  readonly failed: number;
}

/** One second's calls. Stored as JSON. */
export interface Slot extends Tally {
  /** When the second began, in ms since 1970. */
  readonly atMs: number;
}

/**
 * How far back failures are weighed against answers: long enough that a burst of a second does not decide, short enough
 * that a provider's good minutes do not outvote its outage.
 */
export const windowMs = 10_000;

const slotMs = 1_000;

/** The calls of the window's seconds, and what ended now. */
export function addRecent(recent: readonly Slot[], tally: Tally, nowMs: number): readonly Slot[] {
  const atMs = Math.floor(nowMs / slotMs) * slotMs;
  const kept = withinWindow(recent, nowMs);
  const same = kept.find((slot) => slot.atMs === atMs);
  const sum = {
    atMs,
    answered: (same?.answered ?? 0) + tally.answered,
    failed: (same?.failed ?? 0) + tally.failed,
  };
  return [...kept.filter((slot) => slot !== same), sum];
}

/** What the window holds at that time. */
export function sumRecent(
  recent: readonly Slot[],
  nowMs: number,
): { readonly calls: number; readonly failures: number } {
  const slots = withinWindow(recent, nowMs);
  const failures = slots.reduce((sum, slot) => sum + slot.failed, 0);
  return { calls: slots.reduce((sum, slot) => sum + slot.answered, failures), failures };
}

function withinWindow(recent: readonly Slot[], nowMs: number): readonly Slot[] {
  return recent.filter((slot) => slot.atMs > nowMs - windowMs);
}
