/** What a clock on the wall shows, as if it hung in UTC: arithmetic on it needs no zone. Milliseconds. */
export type WallMs = number;

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * What the clocks of a zone show at an instant.
 *
 * @param timeZone IANA, such as `America/Mexico_City`.
 * @throws {RangeError} a zone that nobody knows
 */
export function wallAt(instantMs: number, timeZone: string): WallMs {
  return instantMs + offsetAt(instantMs, timeZone);
}

/**
 * When the clocks of a zone show this. What they skip when they are put forward is taken as much later as they skip;
 * what they show twice when they are put back is taken the first time (RFC 5545, 3.3.5).
 */
export function instantOf(wallMs: WallMs, timeZone: string): number {
  // No zone is more than 14 hours from UTC nor changes twice in two days, so these are the offsets around any change.
  const before = offsetAt(wallMs - dayMs, timeZone);
  const after = offsetAt(wallMs + dayMs, timeZone);
  if (before === after) return wallMs - before;
  const first = wallMs - Math.max(before, after);
  const second = wallMs - Math.min(before, after);
  const shown = [first, second].find((instant) => wallAt(instant, timeZone) === wallMs);
  return shown ?? wallMs - before;
}

/** How far the zone is ahead of UTC then. */
function offsetAt(instantMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const second = Math.floor(instantMs / 1_000) * 1_000;
  let [year, month, day, hour, minute, seconds] = [0, 0, 0, 0, 0, 0];
  for (const { type, value } of formatOf(timeZone).formatToParts(second)) {
    if (type === 'year') year = Number(value);
    else if (type === 'month') month = Number(value);
    else if (type === 'day') day = Number(value);
    else if (type === 'hour') hour = Number(value);
    else if (type === 'minute') minute = Number(value);
    else if (type === 'second') seconds = Number(value);
  }
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  formats.set(timeZone, made);
  return made;
}
