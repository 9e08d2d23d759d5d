import { instantOf, wallAt } from './wall-clock.ts';

/** The zone in which days and months are counted unless another is named. */
const utc = 'UTC';
const dayMs = 86_400_000;

/** The same time of the day so many calendar days later: 23 or 25 hours where clocks change. */
export function addDays(instant: string, days: number, timeZone = utc): string {
  return isoOf(instantOf(wallAt(parse(instant), timeZone) + days * dayMs, timeZone));
}

/** The same day of the month and time of the day, so many months later; the month's last day where it is too short. */
export function monthsAfter(instantMs: number, months: number, timeZone: string): number {
  const wall = wallAt(instantMs, timeZone);
  const date = new Date(wall);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() + months;
  const day = Math.min(date.getUTCDate(), new Date(Date.UTC(year, month + 1, 0)).getUTCDate());
  return instantOf(Date.UTC(year, month, day) + (((wall % dayMs) + dayMs) % dayMs), timeZone);
}

/** How many months the calendar turned between two instants, whatever their days. */
export function monthsBetween(fromMs: number, toMs: number, timeZone: string): number {
  const from = new Date(wallAt(fromMs, timeZone));
  const to = new Date(wallAt(toMs, timeZone));
  return (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
}

/** @throws {RangeError} no instant */
export function parse(instant: string): number {
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) throw new RangeError(`no instant: ${instant}`);
  return ms;
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
