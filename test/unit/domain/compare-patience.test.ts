import { describe, expect, it } from 'vitest';
import { createPatience } from '../../../src/activities/compare-patience.ts';
import { BillingError } from '../../../src/domain/errors.ts';

const refusal = () => new BillingError({ code: 'provider_rate_limited', kind: 'rate_limited', message: 'wait' });

/** A small account: so many calls at once, one more for each second that somebody waits. */
function aBudget(tokens: number) {
  const budget = { tokens, waitedMs: 0, calls: 0 };
  const patiently = createPatience((ms) => {
    budget.waitedMs += ms;
    budget.tokens += ms / 1_000;
    return Promise.resolve();
  });
  /** An operation of several calls, each of which may be refused. */
  const operation = (size: number) => async () => {
    for (let call = 0; call < size; call += 1) {
      await Promise.resolve();
      if (budget.tokens < 1) throw refusal();
      budget.tokens -= 1;
      budget.calls += 1;
    }
    return size;
  };
  return { budget, patiently, operation };
}

describe('patience with an account of few calls', () => {
  it('waits for nothing while nothing is refused', async () => {
    const { budget, patiently, operation } = aBudget(10);
    expect(await Promise.all([patiently(operation(3)), patiently(operation(3))])).toEqual([3, 3]);
    expect(budget.waitedMs).toBe(0);
  });

  it('brings operations of many calls to their ends, though side by side each would starve the others', async () => {
    const { patiently, operation } = aBudget(2);
    const all = await Promise.all(Array.from({ length: 8 }, () => patiently(operation(5))));
    expect(all).toEqual(Array.from({ length: 8 }, () => 5));
  });

  it('gives up after half a minute, and lets the next one try', async () => {
    const { budget, patiently } = aBudget(0);
    await expect(patiently(() => Promise.reject(refusal()))).rejects.toMatchObject({ code: 'provider_rate_limited' });
    expect(budget.waitedMs).toBe(31_000);
    await expect(patiently(() => Promise.resolve('next'))).resolves.toBe('next');
  });

  it('asks again after nothing but a refusal', async () => {
    const { budget, patiently } = aBudget(5);
    await expect(patiently(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(budget.waitedMs).toBe(0);
  });
});
