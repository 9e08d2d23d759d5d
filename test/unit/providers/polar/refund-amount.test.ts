import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refundAmountOf, type Refundable } from '../../../../src/providers/polar/refund-amount.ts';

const fresh = (orderNetMinor: number, orderTaxMinor: number): Refundable => ({
  netMinor: orderNetMinor,
  taxMinor: orderTaxMinor,
  orderNetMinor,
  orderTaxMinor,
});

/** Any order with tax up to 30 %, whole. */
const order = fc
  .tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.integer({ min: 0, max: 3_000 }))
  .map(([net, rate]) => fresh(net, Math.round((net * rate) / 10_000)));

/** Polar's own side, from its source: the tax added to a net amount, and how it books the sum back. */
const half = (value: number): number => {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
};
function polarRefunds(left: Refundable, netMinor: number): Refundable & { readonly grossMinor: number } {
  const isRest = netMinor === left.netMinor;
  const rate = left.orderTaxMinor / left.orderNetMinor;
  const grossMinor = netMinor + (isRest ? left.taxMinor : half(netMinor * rate));
  const booked = isRest
    ? left.taxMinor
    : half((left.orderTaxMinor * grossMinor) / (left.orderNetMinor + left.orderTaxMinor));
  return {
    ...left,
    grossMinor,
    netMinor: left.netMinor - (grossMinor - booked),
    taxMinor: left.taxMinor - booked,
  };
}

describe('what Polar must be told for a refund', () => {
  it('takes the tax share out', () => {
    expect(refundAmountOf(1190, fresh(4900, 931))).toEqual({ kind: 'exact', netMinor: 1000, taxMinor: 190 });
  });

  it('gives all that is left with all its tax', () => {
    const left = { netMinor: 1, taxMinor: 2, orderNetMinor: 4900, orderTaxMinor: 931 };
    expect(refundAmountOf(3, left)).toEqual({ kind: 'exact', netMinor: 1, taxMinor: 2 });
  });

  it('tells the nearest sum where rounding makes one impossible', () => {
    expect(refundAmountOf(3, fresh(4900, 931))).toEqual({ kind: 'not_exact', nearestMinor: 2 });
  });

  it('tells what is left when asked for more', () => {
    expect(refundAmountOf(5832, fresh(4900, 931))).toEqual({ kind: 'too_much', refundableMinor: 5831 });
  });

  it('is the amount itself without tax', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 99_999_999 }), (net) => {
        expect(refundAmountOf(net - 1, fresh(net, 0))).toEqual({ kind: 'exact', netMinor: net - 1, taxMinor: 0 });
      }),
    );
  });

  it('comes to the sum asked for whenever it says so', () => {
    fc.assert(
      fc.property(order, fc.double({ min: 0, max: 1, noNaN: true }), (left, share) => {
        const wanted = Math.max(1, Math.floor((left.netMinor + left.taxMinor) * share));
        const amount = refundAmountOf(wanted, left);
        // What it offers instead of the impossible can be had.
        const sum = amount.kind === 'not_exact' ? amount.nearestMinor : wanted;
        const told = refundAmountOf(sum, left);
        expect(sum === wanted).toBe(amount.kind === 'exact');
        expect(told.kind === 'exact' ? polarRefunds(left, told.netMinor).grossMinor : told).toBe(sum);
      }),
    );
  });

  it('adds up to the whole, in whatever parts', () => {
    fc.assert(
      fc.property(order, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (whole, shares) => {
        const total = whole.netMinor + whole.taxMinor;
        let left: Refundable = whole;
        let given = 0;
        const refund = (wanted: number): void => {
          const amount = refundAmountOf(wanted, left);
          const sum = amount.kind === 'not_exact' ? amount.nearestMinor : wanted;
          const told = refundAmountOf(sum, left);
          if (told.kind !== 'exact') throw new Error(`cannot refund ${sum}: ${told.kind}`);
          const after = polarRefunds(left, told.netMinor);
          given += after.grossMinor;
          left = after;
          expect(left.netMinor).toBeGreaterThanOrEqual(0);
          expect(left.taxMinor).toBeGreaterThanOrEqual(0);
        };
        for (const share of shares) {
          const rest = left.netMinor + left.taxMinor;
          if (rest > 1) refund(Math.max(1, Math.floor(rest * share)));
        }
        if (left.netMinor + left.taxMinor > 0) refund(left.netMinor + left.taxMinor);
        expect(given).toBe(total);
      }),
    );
  });
});
