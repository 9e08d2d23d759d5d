/** Time that one charge pays for. Milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** Who charged, for messages. */
  readonly by: string;
}

interface CoverInput {
  readonly spans: readonly Span[];
  /** Needs no charge, and may have none. */
  readonly free: { readonly fromMs: number; readonly toMs: number } | null;
  /** null: nothing need be covered; `toMs` null: up to `untilMs`. */
  readonly cover: { readonly fromMs: number; readonly toMs: number | null } | null;
  readonly untilMs: number;
}

/** Providers keep seconds, or milliseconds. */
const toleranceMs = 1_500;

/** Time that two charges pay for, and time that none does. */
export function coverFaults({ spans, free, cover, untilMs }: CoverInput): readonly string[] {
  const all = [...spans, ...(free === null ? [] : [{ ...free, by: 'a free trial' }])].toSorted(
    (one, other) => one.fromMs - other.fromMs || one.toMs - other.toMs,
  );
  return [
    ...overlaps(all),
    ...(cover === null ? [] : gaps(all, cover.fromMs, Math.min(cover.toMs ?? untilMs, untilMs))),
  ];
}

function overlaps(sorted: readonly Span[]): readonly string[] {
  let last: Span | null = null;
  const faults: string[] = [];
  for (const span of sorted) {
    if (last !== null && last.toMs - span.fromMs > toleranceMs)
      faults.push(
        `was charged twice for ${told(span.fromMs, Math.min(last.toMs, span.toMs))}: ${last.by} and ${span.by}`,
      );
    if (last === null || span.toMs > last.toMs) last = span;
  }
  return faults;
}

function gaps(sorted: readonly Span[], fromMs: number, toMs: number): readonly string[] {
  let coveredMs = fromMs;
  const faults: string[] = [];
  for (const span of sorted) {
    const gapEndMs = Math.min(span.fromMs, toMs);
    if (gapEndMs - coveredMs > toleranceMs) faults.push(`nothing covers ${told(coveredMs, gapEndMs)}`);
    coveredMs = Math.max(coveredMs, span.toMs);
  }
  if (toMs - coveredMs > toleranceMs) faults.push(`nothing covers ${told(coveredMs, toMs)}`);
  return faults;
}

function told(fromMs: number, toMs: number): string {
  return `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
}
