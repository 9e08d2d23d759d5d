/** Whether two times are one, to the second, which is all that some providers tell; a side that is silent agrees. */
export function isSameTime(ours: Date | null, theirs: string | null): boolean {
  if (ours === null || theirs === null) return true;
  return Math.abs(ours.getTime() - Date.parse(theirs)) < 1_000;
}

export function timeOf(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
