import { describe, expect, it } from 'vitest';
import { createRateWindow } from '../../../src/api/rate-window.ts';

describe('a window of requests', () => {
  it('is used up by so many of one name, and asking takes nothing', () => {
    const window = createRateWindow({ limit: 2, windowMs: 3_600_000 });
    expect([window.isUsedUp('a'), window.take('a'), window.isUsedUp('a')]).toEqual([false, true, false]);
    expect([window.take('a'), window.isUsedUp('a'), window.take('a')]).toEqual([true, true, false]);
    expect(window.isUsedUp('b')).toBe(false);
  });
});
