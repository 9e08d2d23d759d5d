import { describe, expect, it } from 'vitest';
import { answerFaults, createHeard } from '../../faults/answers.ts';
import { replayCommand } from '../../faults/render.ts';
import { compressedBy, longestUnresolvedMs, lookGaps } from '../../faults/rest.ts';
import { p99, unknownFaults } from '../../faults/unknowns.ts';

describe('what callers heard', () => {
  it('is in order where every answer is documented, and connections broke', () => {
    expect(answerFaults({ 200: 3, 201: 9, 202: 1, broken: 4, '503 no_provider_available': 2 })).toEqual([]);
  });

  it.each(['500 internal_error', '502', '503', '418 teapot', '204'])('is not in order with %s', (answer) => {
    expect(answerFaults({ [answer]: 2 })).toEqual([`callers were answered ${answer} 2 times`]);
  });

  it('is counted by status and code', () => {
    const { counts, hear } = createHeard();
    hear({ status: 503, code: 'unavailable' });
    hear({ status: 503, code: 'unavailable' });
    hear({ status: 0, code: null });
    expect(counts).toEqual({ '503 unavailable': 2, broken: 1 });
  });
});

describe('what was unknown', () => {
  const lasting = (ms: number | null, count: number) => Array.from({ length: count }, () => ({ what: 'it', ms }));

  it('may last longer than two minutes for one in a hundred', () => {
    expect(unknownFaults([...lasting(1_000, 99), ...lasting(500_000, 1)])).toEqual([]);
  });

  it('is a fault when more of it lasts longer', () => {
    expect(unknownFaults([...lasting(1_000, 98), ...lasting(121_000, 2)])).toEqual([
      'p99 of unknown is 121 s, not 120 s at most',
    ]);
  });

  it('is a fault when it stays', () => {
    expect(unknownFaults([...lasting(1_000, 999), ...lasting(null, 1)])).toEqual(['it is still unknown']);
  });

  it('has no p99 where there was nothing', () => {
    expect(p99([])).toBe(0);
    expect(unknownFaults([])).toEqual([]);
  });
});

describe('a run', () => {
  it('is replayed by one command', () => {
    expect(replayCommand({ seed: 7, checkouts: 1_000, ratePerSecond: 12 })).toBe(
      'npm run faults -- --seed 7 --checkouts 1000 --rate 12',
    );
  });

  it('looks at quiet checkouts at least as often as the time they have, both compressed alike', () => {
    const gaps = lookGaps.split(',').map((gap) => Number.parseInt(gap, 10) * 1_000);
    expect(longestUnresolvedMs * compressedBy).toBe(15 * 60_000);
    expect(Math.max(...gaps)).toBeLessThan(longestUnresolvedMs);
  });
});
