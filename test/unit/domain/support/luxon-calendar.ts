import { DateTime, IANAZone } from 'luxon';

/**
 * The same questions answered apart from the code under test: another library's zones and dates, stepping through the
 * calendar month by month, and looking for the instant that shows a wall time by trying all of them.
 */
export interface Bounds {
  readonly start: string;
  readonly end: string;
}

const quarterHourMs = 900_000;
const found = new Map<string, DateTime>();

function whenShown(wall: DateTime, zone: string): DateTime {
  const key = `${wall.toMillis()} ${zone}`;
  const answer = found.get(key) ?? search(wall, zone);
  found.set(key, answer);
  return answer;
}

/**
 * The first instant whose clock shows this. luxon's own way from a wall time to an instant is not asked, for it promises
 * nothing about doubled times and misses some that exist (01:00 on 2010-09-26 in Apia, luxon 3.7). Offsets and their
 * changes have been whole quarter hours since 1972, so a quarter hour is the step.
 */
function search(wall: DateTime, zone: string): DateTime {
  const clock = IANAZone.create(zone);
  const shownAt = (ms: number) => ms + clock.offset(ms) * 60_000;
  const wanted = wall.toMillis();
  const from = wanted - 15 * 3_600_000;
  let early: number | null = null; // the last instant that still shows less
  for (let at = from; at < wanted + 15 * 3_600_000; at += quarterHourMs) {
    if (shownAt(at) === wanted) return DateTime.fromMillis(at);
    if (shownAt(at) < wanted) early = at;
    else if (early !== null) break;
  }
  const before = early ?? from;
  return DateTime.fromMillis(before + wanted - shownAt(before)); // skipped: as if the clocks had not been put forward
}

function iso(time: DateTime): string {
  return time.toUTC().toISO() ?? 'invalid';
}

function boundary(anchorAt: string, months: number, zone: string): DateTime {
  const anchor = DateTime.fromISO(anchorAt, { zone });
  let month = DateTime.fromObject({ year: anchor.year, month: anchor.month }, { zone: 'utc' });
  for (let step = 0; step < Math.abs(months); step += 1) month = month.plus({ months: Math.sign(months) });
  const { hour, minute, second, millisecond } = anchor;
  const day = Math.min(anchor.day, month.daysInMonth ?? 0);
  const { year, month: number } = month;
  const wall = { year, month: number, day, hour, minute, second, millisecond };
  return whenShown(DateTime.fromObject(wall, { zone: 'utc' }), zone);
}

export function oraclePeriod(input: {
  readonly anchorAt: string;
  readonly interval: 'monthly' | 'yearly';
  readonly zone: string;
  readonly index: number;
}): Bounds {
  const step = input.interval === 'yearly' ? 12 : 1;
  const at = (index: number) => iso(boundary(input.anchorAt, index * step, input.zone));
  return { start: at(input.index), end: at(input.index + 1) };
}

/** Walks from the anchor, a period at a time, until the instant is inside. */
export function oraclePeriodAt(
  input: { readonly anchorAt: string; readonly interval: 'monthly' | 'yearly'; readonly zone: string },
  instant: string,
): Bounds {
  const at = DateTime.fromISO(instant);
  for (let index = 0; ; index += at < DateTime.fromISO(input.anchorAt) ? -1 : 1) {
    const bounds = oraclePeriod({ ...input, index });
    if (DateTime.fromISO(bounds.start) <= at && at < DateTime.fromISO(bounds.end)) return bounds;
  }
}

export function oracleDaysAfter(instant: string, days: number, zone: string): string {
  const from = DateTime.fromISO(instant, { zone });
  const { hour, minute, second, millisecond } = from;
  const date = DateTime.fromObject({ year: from.year, month: from.month, day: from.day }, { zone: 'utc' });
  const wall = date.plus({ days }).set({ hour, minute, second, millisecond });
  return iso(whenShown(wall, zone));
}

/** One subscription's boundaries through changes of its interval, each on a boundary; the anchor's day is kept. */
export function oracleHistory(input: {
  readonly anchorAt: string;
  readonly zone: string;
  readonly legs: readonly { readonly interval: 'monthly' | 'yearly'; readonly periods: number }[];
}): readonly string[] {
  const months = [0];
  for (const { interval, periods } of input.legs)
    for (let count = 0; count < periods; count += 1)
      months.push((months.at(-1) ?? 0) + (interval === 'yearly' ? 12 : 1));
  return months.map((month) => iso(boundary(input.anchorAt, month, input.zone)));
}
