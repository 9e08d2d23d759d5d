import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateChange, splitPrice, type EstimateInput } from '../../../src/domain/subscription/proration.ts';

const dayMs = 86_400_000;
const start = Date.parse('2027-03-01T00:00:00.000Z');
const iso = (days: number) => new Date(start + days * dayMs).toISOString();

/** Ten of thirty days are left, from 29.00 to 199.00 a month. */
const upgrade: EstimateInput = {
  plan: { timing: 'now', proration: 'immediate' },
  from: { totalMinor: 2_900, billingInterval: 'monthly' },
  to: { totalMinor: 19_900, billingInterval: 'monthly' },
  periodStart: iso(0),
  periodEnd: iso(30),
  at: iso(20),
  isTrial: false,
};
const sum = (lines: readonly { readonly amountMinor: number }[]) =>
  lines.reduce((total, line) => total + line.amountMinor, 0);

describe('the estimate of a change', () => {
  it('credits what is not used and charges what is left', () => {
    expect(estimateChange(upgrade)).toEqual({
      lines: [
        { kind: 'unused_time', amountMinor: -967, periodStart: iso(20), periodEnd: iso(30) },
        { kind: 'remaining_time', amountMinor: 6_633, periodStart: iso(20), periodEnd: iso(30) },
      ],
      dueNowMinor: 5_666,
      nextInvoiceMinor: 19_900,
    });
  });

  it('leaves both to the next invoice if so asked', () => {
    const later = estimateChange({ ...upgrade, plan: { timing: 'now', proration: 'next_invoice' } });
    expect(later).toMatchObject({ dueNowMinor: 0, nextInvoiceMinor: 19_900 + 5_666 });
    expect(sum(later.lines)).toBe(later.nextInvoiceMinor);
  });

  it.each([
    ['without proration', { plan: { timing: 'now', proration: 'none' } }],
    ['at the period’s end', { plan: { timing: 'period_end', proration: 'none' } }],
    ['in a trial', { isTrial: true }],
    ['where no period is known', { periodStart: null }],
  ] as const)('charges nothing before the next period %s', (_what, more) => {
    expect(estimateChange({ ...upgrade, ...more })).toMatchObject({
      lines: [{ kind: 'next_period', amountMinor: 19_900 }],
      dueNowMinor: 0,
      nextInvoiceMinor: 19_900,
    });
  });

  it('begins a new period with another interval, though it was to wait for the next invoice', () => {
    const to = { totalMinor: 29_000, billingInterval: 'yearly' } as const;
    const plan = { timing: 'now', proration: 'next_invoice' } as const;
    expect(estimateChange({ ...upgrade, to, plan })).toMatchObject({
      lines: [{ amountMinor: -967 }, { amountMinor: 29_000, periodEnd: null }],
      dueNowMinor: 28_033,
    });
  });

  it('may be a credit', () => {
    const { from: to, to: from } = upgrade;
    expect(estimateChange({ ...upgrade, from, to }).dueNowMinor).toBe(-5_666);
  });
});

const amount = fc.integer({ min: 0, max: 9_000_000_000_000 });
const period = fc.record({
  lengthMs: fc.integer({ min: 1, max: 400 * dayMs }),
  atMs: fc.integer({ min: -dayMs, max: 401 * dayMs }),
});

describe('splitting a price', () => {
  it('gives parts that sum to the whole and are never negative', () => {
    fc.assert(
      fc.property(amount, period, (total, { lengthMs, atMs }) => {
        const { usedMinor, unusedMinor } = splitPrice(total, { startMs: 0, endMs: lengthMs }, atMs);
        expect(usedMinor + unusedMinor).toBe(total);
        expect(Math.min(usedMinor, unusedMinor)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is exact to half a minor unit, and leaves less the later it is', () => {
    fc.assert(
      fc.property(amount, period, fc.nat(dayMs), (total, { lengthMs, atMs }, laterMs) => {
        const span = { startMs: 0, endMs: lengthMs };
        const { unusedMinor } = splitPrice(total, span, atMs);
        const leftMs = BigInt(Math.min(lengthMs, Math.max(0, lengthMs - atMs)));
        const error = BigInt(unusedMinor) * BigInt(lengthMs) - BigInt(total) * leftMs;
        expect(2n * (error < 0n ? -error : error) <= BigInt(lengthMs)).toBe(true);
        expect(splitPrice(total, span, atMs + laterMs).unusedMinor).toBeLessThanOrEqual(unusedMinor);
      }),
    );
  });

  it('rounds a half up, for the customer', () => {
    expect(splitPrice(1, { startMs: 0, endMs: 2 }, 1)).toEqual({ usedMinor: 0, unusedMinor: 1 });
  });
});

describe('any estimate', () => {
  const any = fc.record({
    from: amount,
    to: amount,
    days: fc.integer({ min: 0, max: 30 }),
    proration: fc.constantFrom('immediate', 'next_invoice', 'none'),
    interval: fc.constantFrom('monthly', 'yearly'),
  });

  it('has lines that sum to what is due now, or to the next invoice', () => {
    fc.assert(
      fc.property(any, ({ from, to, days, proration, interval }) => {
        const told = estimateChange({
          ...upgrade,
          plan: { timing: 'now', proration },
          from: { totalMinor: from, billingInterval: 'monthly' },
          to: { totalMinor: to, billingInterval: interval },
          at: iso(days),
        });
        const isSettledNow = told.lines.every(({ kind }) => kind !== 'next_period');
        expect(sum(told.lines)).toBe(isSettledNow ? told.dueNowMinor : told.nextInvoiceMinor);
      }),
    );
  });

  it('of a change to the same price is worth nothing', () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 30 }), (total, days) => {
        const same = { totalMinor: total, billingInterval: 'monthly' } as const;
        expect(estimateChange({ ...upgrade, from: same, to: same, at: iso(days) }).dueNowMinor).toBe(0);
      }),
    );
  });
});
