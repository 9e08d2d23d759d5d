const ISO_DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

export type Interval = 'day' | 'week' | 'half_month' | 'month' | 'year';

const DAY_MS = 86_400_000;

/** Adds calendar months in UTC and clamps to the month's last day, as billing systems do (31 Jan + 1 month = 28 Feb). */
export function addMonths(atMs: number, months: number, anchorDay?: number): number {
  const from = new Date(atMs);
  const day = anchorDay ?? from.getUTCDate();
  const to = new Date(atMs);
  to.setUTCDate(1);
  to.setUTCMonth(to.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  to.setUTCDate(Math.min(day, lastDay));
  return to.getTime();
}

export function addInterval(atMs: number, interval: Interval, count: number, anchorDay?: number): number {
  switch (interval) {
    case 'day':
      return atMs + count * DAY_MS;
    case 'week':
      return atMs + count * 7 * DAY_MS;
    case 'half_month':
      return atMs + count * 15 * DAY_MS;
    case 'month':
      return addMonths(atMs, count, anchorDay);
    case 'year':
      return addMonths(atMs, count * 12, anchorDay);
  }
}

/** Adds an ISO 8601 duration such as `P1M` or `PT36H`; null when the text is none. */
export function addDuration(atMs: number, text: string): number | null {
  const match = ISO_DURATION.exec(text);
  if (!match || text === 'P' || text.endsWith('T')) return null;
  const part = (index: number): number => Number(match[index] ?? 0);
  const moved = addMonths(atMs, part(1) * 12 + part(2));
  return moved + (part(3) * 7 + part(4)) * DAY_MS + part(5) * 3_600_000 + part(6) * 60_000 + part(7) * 1000;
}
