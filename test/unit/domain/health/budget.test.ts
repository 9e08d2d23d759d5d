import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  leaseCalls,
  leaseSize,
  longestPauseMs,
  pausedUntil,
  refilled,
  type Bucket,
  type Priority,
} from '../../../../src/domain/health/budget.ts';
import { outcomeOf } from '../../../../src/domain/health/outcome.ts';

const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const limits = fc.record({
  perSecond: fc.double({ min: 0.5, max: 100, noNaN: true }),
  burst: fc.integer({ min: 1, max: 100 }),
});
const asks = fc.array(
  fc.record({
    waitMs: fc.nat(3_000),
    priority: fc.constantFrom<Priority>('foreground', 'background'),
    wanted: fc.integer({ min: 1, max: 30 }),
  }),
  { maxLength: 60 },
);

describe('a rate budget', () => {
  it('never gives more than burst and refill over any stretch of time', () => {
    fc.assert(
      fc.property(limits, asks, (limit, list) => {
        let bucket: Bucket | null = null;
        let nowMs = startMs;
        const given: { atMs: number; calls: number }[] = [];
        for (const { waitMs, priority, wanted } of list) {
          nowMs += waitMs;
          const leased = leaseCalls(bucket, limit, { wanted, priority, nowMs });
          bucket = leased.bucket;
          given.push({ atMs: nowMs, calls: leased.granted });
          expect(leased.granted).toBeLessThanOrEqual(wanted);
          expect(leased.granted === 0).toBe(leased.waitMs > 0);
        }
        for (let from = 0; from < given.length; from += 1) {
          let calls = 0;
          for (const { atMs, calls: more } of given.slice(from)) {
            calls += more;
            const stretchMs = atMs - (given[from]?.atMs ?? atMs);
            expect(calls).toBeLessThanOrEqual(limit.burst + (limit.perSecond * stretchMs) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });

  it('says how long to wait, and then gives', () => {
    fc.assert(
      fc.property(limits, fc.constantFrom<Priority>('foreground', 'background'), (limit, priority) => {
        const empty: Bucket = { tokens: 0, atMs: startMs };
        const none = leaseCalls(empty, limit, { wanted: 1, priority, nowMs: startMs });
        expect(none.granted).toBe(0);
        const then = leaseCalls(none.bucket, limit, { wanted: 1, priority, nowMs: startMs + none.waitMs });
        expect(then.granted).toBe(1);
      }),
    );
  });

  it('keeps half for those who wait, however much the background wants', () => {
    const limit = { perSecond: 8, burst: 20 };
    const background = leaseCalls(null, limit, { wanted: 100, priority: 'background', nowMs: startMs });
    expect(background.granted).toBe(10);
    const more = { wanted: 100, nowMs: startMs };
    expect(leaseCalls(background.bucket, limit, { ...more, priority: 'background' }).granted).toBe(0);
    expect(leaseCalls(background.bucket, limit, { ...more, priority: 'foreground' }).granted).toBe(10);
  });

  it('leases a quarter of a second’s calls, at least one and at most half the burst', () => {
    expect(leaseSize({ perSecond: 80, burst: 20 })).toBe(10);
    expect(leaseSize({ perSecond: 8, burst: 20 })).toBe(2);
    expect(leaseSize({ perSecond: 0.5, burst: 1 })).toBe(1);
  });

  it('does not run backwards when a clock does', () => {
    const bucket = refilled({ tokens: 3, atMs: startMs }, { perSecond: 10, burst: 20 }, startMs - 5_000);
    expect(bucket).toEqual({ tokens: 3, atMs: startMs });
  });
});

describe('a pause', () => {
  it('lasts as long as the provider says, up to five minutes, and is never shortened', () => {
    expect(pausedUntil(null, 3_000, startMs)).toBe(startMs + 3_000);
    expect(pausedUntil(startMs + 9_000, 3_000, startMs)).toBe(startMs + 9_000);
    expect(pausedUntil(null, 86_400_000, startMs)).toBe(startMs + longestPauseMs);
    expect(pausedUntil(null, null, startMs)).toBe(startMs + 250);
  });
});

describe('an answer', () => {
  it.each([
    [{ status: 200, fault: null }, { kind: 'answered' }],
    [{ status: 404, fault: null }, { kind: 'answered' }],
    [{ status: 402, fault: null }, { kind: 'answered' }],
    [{ status: 403, fault: null }, { kind: 'answered' }],
    [{ status: 401, fault: null }, { kind: 'rejected' }],
    [{ status: 429, fault: null }, { kind: 'limited' }],
    [
      { status: 500, fault: null },
      { kind: 'failed', code: 'http_500' },
    ],
    [
      { status: null, fault: 'timeout' },
      { kind: 'failed', code: 'timeout' },
    ],
    [
      { status: null, fault: 'not_sent' },
      { kind: 'failed', code: 'not_sent' },
    ],
    [
      { status: null, fault: 'lost' },
      { kind: 'failed', code: 'lost' },
    ],
  ] as const)('of %o is %o', (end, outcome) => {
    expect(outcomeOf(end)).toEqual(outcome);
  });
});
