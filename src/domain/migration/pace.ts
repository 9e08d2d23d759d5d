const minuteMs = 60_000;

/**
 * How many may be told now, and when to look again where nobody may: no more than `perMinute` within any minute.
 *
 * @param input.toldAtMs When the last ones were, oldest first.
 */
export function paceOf(input: {
  readonly nowMs: number;
  readonly perMinute: number;
  readonly toldAtMs: readonly number[];
}): { readonly room: number; readonly waitMs: number } {
  const { nowMs, perMinute, toldAtMs } = input;
  const recent = toldAtMs.filter((atMs) => atMs > nowMs - minuteMs);
  const room = Math.max(0, perMinute - recent.length);
  const oldest = recent.at(-perMinute);
  return { room, waitMs: room > 0 || oldest === undefined ? 0 : Math.max(1, oldest + minuteMs - nowMs) };
}
