import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryGapMs, retryGapsMs } from '../../../src/domain/outbound/retry-schedule.ts';

const hourMs = 3_600_000;

describe('the retry schedule', () => {
  it('grows, and spans more than three days', () => {
    expect([...retryGapsMs].sort((a, b) => a - b)).toEqual(retryGapsMs);
    expect(retryGapsMs.reduce((sum, gap) => sum + gap, 0)).toBeGreaterThan(72 * hourMs);
  });

  it('never comes back early, and at most a tenth late', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: retryGapsMs.length }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, c) => {
          const gap = retryGapMs(n, c) ?? 0;
          const planned = retryGapsMs[n - 1] ?? 0;
          expect(gap).toBeGreaterThanOrEqual(planned);
          expect(gap).toBeLessThanOrEqual(planned * 1.1 + 1);
        },
      ),
    );
  });

  it('ends after the last gap, and stays ended', () => {
    expect(retryGapMs(retryGapsMs.length + 1, 0.5)).toBeNull();
    expect(retryGapMs(1_000, 0.5)).toBeNull();
  });
});
