/** ISO 8601 UTC from what providers call ISO (offsets, microseconds); null stays null. */
export function isoFromText(value: string | null | undefined): string | null {
  if (value == null) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** ISO 8601 UTC from Unix seconds. 0 and null mean "no time" at the providers that use them. */
export function isoFromUnix(seconds: number | null | undefined): string | null {
  return seconds == null || seconds === 0 ? null : new Date(seconds * 1000).toISOString();
}

export function unixFromIso(value: string): number {
  return Math.floor(Date.parse(value) / 1000);
}
