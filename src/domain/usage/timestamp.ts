/** RFC 3339 with a zone; more than milliseconds are cut off. */
const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** In ms since 1970; null where it is none, or names a day that its month does not have. */
export function readTimestamp(text: string): number | null {
  const match = rfc3339.exec(text);
  if (!match || Number(match[3]) > daysInMonth(Number(match[1]), Number(match[2]))) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** 0 for a month that there is not. */
function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  if (month < 1 || month > 12) return 0;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
