import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPlanClock } from '../../faults/plan-clock.ts';

describe('the clock of a plan', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('goes with the wall, and a fifth as fast while the system has too much to do', () => {
    let isBusy = false;
    const clock = createPlanClock(() => isBusy);
    vi.advanceTimersByTime(1_000);
    expect(clock.nowMs()).toBe(1_000);
    isBusy = true;
    vi.advanceTimersByTime(1_000);
    expect(clock.nowMs()).toBeCloseTo(1_200);
    clock.stop();
  });

  it('wakes everybody at their moment, not before', async () => {
    const clock = createPlanClock(() => false);
    const woken: string[] = [];
    const both = [100, 500].map((atMs) => clock.until(atMs).then(() => woken.push(`at ${atMs}`)));
    await vi.advanceTimersByTimeAsync(400);
    expect(woken).toEqual(['at 100']);
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(both);
    expect(woken).toEqual(['at 100', 'at 500']);
    clock.stop();
  });
});
