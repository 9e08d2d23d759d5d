import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calmMs,
  closed,
  countCalls,
  firstOpenMs,
  goodTrialsToClose,
  holdOpen,
  isAvailable,
  isTrialDue,
  judgeTrial,
  leastCalls,
  longestOpenMs,
  newBreaker,
  openAfterInRow,
  openForMs,
  openJitter,
  rowGapMs,
  trialLeaseMs,
  type Breaker,
} from '../../../../src/domain/health/breaker.ts';
import { sumRecent, windowMs } from '../../../../src/domain/health/recent.ts';

/** As the database does it, in one statement. */
function claimTrial(breaker: Breaker, nowMs: number): Breaker | null {
  if (!isTrialDue(breaker, nowMs)) return null;
  return { ...breaker, state: 'half_open', trialUntilMs: nowMs + trialLeaseMs };
}

const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const failed = (count: number) => ({ answered: 0, failed: count, failedLast: count });
const answered = (count: number) => ({ answered: count, failed: 0, failedLast: 0 });
const half = 0.5;
const open = () => countCalls(newBreaker(), failed(openAfterInRow), startMs, half);
const view = (breaker: Breaker) => ({
  state: breaker.state,
  trialAt: breaker.trialAtMs === null ? null : new Date(breaker.trialAtMs).toISOString(),
});

/** Calls at a steady rate, each counted when it ends, told twice a second. @returns when it opened, in ms; null: never. */
function play(input: {
  readonly perSecond: number;
  readonly seconds: number;
  readonly outcome: (index: number) => { readonly isFailure: boolean; readonly tookMs: number };
}): number | null {
  const ends = Array.from({ length: input.perSecond * input.seconds }, (_, index) => {
    const { isFailure, tookMs } = input.outcome(index);
    return { atMs: startMs + (index * 1_000) / input.perSecond + tookMs, isFailure };
  }).toSorted((one, other) => one.atMs - other.atMs);
  let breaker = newBreaker();
  for (let atMs = startMs; ends.length > 0; atMs += 500) {
    const counted = { answered: 0, failed: 0, failedLast: 0 };
    while (ends[0] !== undefined && ends[0].atMs <= atMs) {
      if (ends.shift()?.isFailure) {
        counted.failed += 1;
        counted.failedLast += 1;
      } else {
        counted.answered += 1;
        counted.failedLast = 0;
      }
    }
    breaker = countCalls(breaker, counted, atMs, half);
    if (breaker.state === 'open') return atMs - startMs;
  }
  return null;
}

describe('a breaker', () => {
  it.each([10, 4])('opens within 10 s at %i calls/s when nothing is answered any more', (perSecond) => {
    const calmSeconds = 30;
    const openedMs = play({
      perSecond,
      seconds: 60,
      outcome: (index) =>
        index < calmSeconds * perSecond ? { isFailure: false, tookMs: 100 } : { isFailure: true, tookMs: 4_000 },
    });
    expect(openedMs).not.toBeNull();
    expect((openedMs ?? 0) - calmSeconds * 1_000).toBeLessThanOrEqual(10_000);
    expect((openedMs ?? 0) - calmSeconds * 1_000).toBeGreaterThan(4_000);
  });

  it('opens when half of many calls fail, answers between them', () => {
    const openedMs = play({
      ...{ perSecond: 10, seconds: 60 },
      outcome: (index) => ({ isFailure: index % 2 === 0, tookMs: 100 }),
    });
    expect(openedMs).toBeLessThanOrEqual(10_000);
  });

  it('does not open for every fifth call, at any rate', () => {
    for (const perSecond of [1, 3, 10, 40]) {
      const outcome = (index: number) => ({ isFailure: index % 5 === 0, tookMs: 50 });
      expect(play({ perSecond, seconds: 120, outcome })).toBeNull();
    }
  });

  it('does not open for fewer failures than make a row, nor for a row that took hours', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: openAfterInRow - 1 }), { maxLength: 5 }), (bursts) => {
        let breaker = newBreaker();
        let atMs = startMs;
        for (const burst of bursts) {
          breaker = countCalls(breaker, failed(burst), atMs, half);
          breaker = countCalls(breaker, answered(1), atMs + 10, half);
          atMs += windowMs;
        }
        expect(breaker.state).toBe('closed');
      }),
    );
    let slow = newBreaker();
    for (let index = 0; index < 100; index += 1)
      slow = countCalls(slow, failed(1), startMs + index * (rowGapMs + 1), half);
    expect(slow.state).toBe('closed');
  });

  it('counts the same whoever tells it first', () => {
    const part = fc.record({ answered: fc.nat(30), failed: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), (parts, order) => {
        const sums = (list: typeof parts) =>
          sumRecent(
            list.reduce((breaker, { answered: good, failed: bad }) => {
              const counted = { answered: good + 1, failed: bad, failedLast: 0 };
              return countCalls(breaker, counted, startMs, half);
            }, newBreaker()).recent,
            startMs,
          );
        const shuffled = parts
          .map((value, index) => ({ value, at: order[index] ?? index }))
          .toSorted((one, other) => one.at - other.at)
          .map(({ value }) => value);
        expect(sums(shuffled)).toEqual(sums(parts));
      }),
    );
  });

  it('forgets what is older than its window', () => {
    const busy = countCalls(newBreaker(), answered(leastCalls), startMs, half);
    expect(sumRecent(busy.recent, startMs + windowMs + 1_000)).toEqual({ calls: 0, failures: 0 });
    const later = countCalls(busy, answered(1), startMs + windowMs + 1_000, half);
    expect(later.recent).toHaveLength(1);
  });
});

describe('an open breaker', () => {
  it('lets nobody through until a trial is due, then one at a time', () => {
    const breaker = open();
    const dueMs = breaker.trialAtMs ?? 0;
    expect(claimTrial(breaker, dueMs - 1)).toBeNull();
    expect(isAvailable(view(breaker), dueMs - 1)).toBe(false);
    expect(isAvailable(view(breaker), dueMs)).toBe(true);
    const trying = claimTrial(breaker, dueMs);
    expect(trying).toMatchObject({ state: 'half_open' });
    expect(trying && claimTrial(trying, dueMs)).toBeNull();
    // Whoever had it died.
    expect(trying && isTrialDue(trying, dueMs + trialLeaseMs)).toBe(true);
  });

  it('closes after enough good trials, and forgets what it counted', () => {
    let breaker = open();
    for (let trials = 1; trials <= goodTrialsToClose; trials += 1) {
      const nowMs = (breaker.trialAtMs ?? 0) + trials;
      const claimed = claimTrial(breaker, nowMs);
      expect(claimed).not.toBeNull();
      if (claimed) breaker = judgeTrial(claimed, 'good', nowMs, half);
      expect(breaker.state).toBe(trials < goodTrialsToClose ? 'half_open' : 'closed');
    }
    expect(breaker).toMatchObject({ recent: [], streak: 0, trialAtMs: null, trialUntilMs: null });
  });

  it('stays open for longer after each bad trial, up to a minute', () => {
    let breaker = open();
    const waits: number[] = [];
    for (let trials = 0; trials < 8; trials += 1) {
      const nowMs = breaker.trialAtMs ?? 0;
      const claimed = claimTrial(breaker, nowMs);
      expect(claimed).not.toBeNull();
      if (claimed) breaker = judgeTrial(claimed, 'bad', nowMs, half);
      waits.push((breaker.trialAtMs ?? 0) - nowMs);
    }
    expect(breaker).toMatchObject({ state: 'open', openedAtMs: startMs });
    expect(waits).toEqual([10_000, 20_000, 40_000, ...Array<number>(5).fill(longestOpenMs)]);
  });

  it('goes on growing when it opens again soon, and begins anew after a calm', () => {
    const again = (afterMs: number) => {
      const back = closed(open(), startMs + 10_000);
      return countCalls(back, failed(openAfterInRow), startMs + 10_000 + afterMs, half).timesOpened;
    };
    expect(again(calmMs - 1)).toBe(2);
    expect(again(calmMs)).toBe(1);
  });

  it('moves its open time by chance within bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (times, chance) => {
          const ms = openForMs(times, chance);
          expect(ms).toBeGreaterThanOrEqual(firstOpenMs * (1 - openJitter));
          expect(ms).toBeLessThanOrEqual(longestOpenMs * (1 + openJitter));
        },
      ),
    );
  });

  it('held by an operator is tried by nobody, and what a trial says then is not heard', () => {
    const trying = claimTrial(open(), startMs + longestOpenMs);
    const held = trying && holdOpen(trying, startMs + longestOpenMs);
    expect(held && isTrialDue(held, startMs + 10 * longestOpenMs)).toBe(false);
    expect(held && isAvailable(view(held), startMs + 10 * longestOpenMs)).toBe(false);
    expect(held && judgeTrial(held, 'good', startMs + longestOpenMs, half)).toBe(held);
  });
});

describe('whatever happens', () => {
  type Step = {
    readonly kind: 'count' | 'claim' | 'good' | 'bad' | 'none' | 'hold' | 'close';
    readonly waitMs: number;
  };
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('count', 'claim', 'good', 'bad', 'none', 'hold', 'close'),
    waitMs: fc.nat(70_000),
  });

  it('a breaker can always be left: a trial becomes due unless it is closed, held, or tried', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let breaker = newBreaker();
        let isHeld = false;
        let nowMs = startMs;
        for (const { kind, waitMs } of steps) {
          nowMs += waitMs;
          if (kind === 'count') breaker = countCalls(breaker, failed(3), nowMs, half);
          else if (kind === 'claim') breaker = claimTrial(breaker, nowMs) ?? breaker;
          else if (kind === 'hold') breaker = holdOpen(breaker, nowMs);
          else if (kind === 'close') breaker = closed(breaker, nowMs);
          else breaker = judgeTrial(breaker, kind, nowMs, half);
          if (kind === 'hold') isHeld = true;
          if (breaker.state === 'closed') isHeld = false;
          const laterMs = nowMs + longestOpenMs * (1 + openJitter) + trialLeaseMs;
          expect(isTrialDue(breaker, laterMs)).toBe(breaker.state !== 'closed' && !isHeld);
          expect(breaker.goodTrials).toBeLessThan(goodTrialsToClose);
        }
      }),
    );
  });
});
