import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedWindow, nextWindow, overlapMs } from '../../../src/domain/reconciliation/window.ts';

const minuteMs = 60_000;
const horizonMs = 30 * 24 * 60 * minuteMs;

interface Change {
  /** Our clock. */
  readonly atMs: number;
  /** How long the provider's list does not show it yet. */
  readonly shownAfterMs: number;
}

/** A provider whose clock differs from ours and whose list shows a change late, asked by runs that follow each other. */
function seenBy(input: {
  changes: readonly Change[];
  skewMs: number;
  runsAtMs: readonly number[];
}): ReadonlySet<Change> {
  const seen = new Set<Change>();
  let lastToMs: number | null = null;
  for (const nowMs of input.runsAtMs) {
    const window = nextWindow({ lastToMs, nowMs });
    const asked = askedWindow({ ...window, nowMs, horizonMs });
    for (const change of input.changes) {
      const stampMs = change.atMs + input.skewMs;
      const isShown = change.atMs + change.shownAfterMs <= nowMs;
      if (isShown && stampMs >= Date.parse(asked.since) && stampMs < Date.parse(asked.until)) seen.add(change);
    }
    lastToMs = window.toMs;
  }
  return seen;
}

describe('windows of runs that follow each other', () => {
  const world = fc
    .record({
      // Together no more than the overlap, which is what it is for.
      skewMs: fc.integer({ min: -2 * minuteMs, max: 2 * minuteMs }),
      lateMs: fc.integer({ min: 0, max: 3 * minuteMs }),
      gaps: fc.array(fc.integer({ min: 1, max: 90 * minuteMs }), { minLength: 2, maxLength: 12 }),
      changes: fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        {
          minLength: 1,
          maxLength: 60,
        },
      ),
    })
    .map(({ skewMs, lateMs, gaps, changes }) => {
      const startMs = Date.parse('2026-11-21T00:00:00.000Z');
      const runsAtMs = gaps.reduce<number[]>((all, gap) => [...all, (all.at(-1) ?? startMs) + gap], []);
      // A last one when everything has been shown, with everybody's clock past it.
      const endMs = (runsAtMs.at(-1) ?? startMs) + 10 * minuteMs;
      const spanMs = (runsAtMs.at(-1) ?? startMs) - startMs;
      return {
        ...{ skewMs, runsAtMs: [...runsAtMs, endMs] },
        changes: changes.map(([at, late]) => ({ atMs: startMs + at * spanMs, shownAfterMs: late * lateMs })),
      };
    });

  it('pass over no change, whatever the clocks say and however late it is shown', () => {
    fc.assert(
      fc.property(world, (input) => {
        expect(seenBy(input).size).toBe(input.changes.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('miss changes when they do not overlap: the property can fail', () => {
    const change = { atMs: Date.parse('2026-11-21T00:59:59.000Z'), shownAfterMs: 2 * minuteMs };
    const runsAtMs = ['2026-11-21T01:00:00.000Z', '2026-11-21T02:00:00.000Z'].map((at) => Date.parse(at));
    expect(seenBy({ changes: [change], skewMs: 0, runsAtMs }).size).toBe(1);
    expect(overlapMs).toBeGreaterThan(change.shownAfterMs);
    const tooLate = { ...change, shownAfterMs: 0 };
    expect(seenBy({ changes: [tooLate], skewMs: -2 * overlapMs, runsAtMs: runsAtMs.slice(1) }).size).toBe(1);
    expect(seenBy({ changes: [tooLate], skewMs: 2 * overlapMs, runsAtMs: runsAtMs.slice(0, 1) }).size).toBe(0);
  });

  it('are cut at what the provider can still tell, and say so', () => {
    const nowMs = Date.parse('2026-11-21T00:00:00.000Z');
    const run = { toMs: nowMs, nowMs, horizonMs };
    expect(askedWindow({ ...run, fromMs: nowMs - horizonMs - minuteMs })).toEqual({
      since: new Date(nowMs - horizonMs).toISOString(),
      until: new Date(nowMs).toISOString(),
      isCut: true,
    });
    expect(askedWindow({ ...run, fromMs: nowMs - minuteMs }).isCut).toBe(false);
  });
});
