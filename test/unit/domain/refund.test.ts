import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderStatusOf } from '../../../src/domain/payment/order.ts';
import {
  invoiceStatusWith,
  isRefundSettled,
  nextRefundStatus,
  refundLookGapMs,
  refundSums,
  type RefundStatus,
} from '../../../src/domain/payment/refund.ts';

const statuses = ['requested', 'unknown', 'pending', 'succeeded', 'failed', 'canceled'] as const;
const truths = ['pending', 'succeeded', 'failed', 'canceled'] as const;
const refunds = fc.array(
  fc.record({ id: fc.uuid(), status: fc.constantFrom(...statuses), amountMinor: fc.integer({ min: 1, max: 10_000 }) }),
);

describe('the status of a refund', () => {
  it('never goes back from an answer to a question', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statuses), fc.array(fc.constantFrom(...truths)), (start, heard) => {
        let status: RefundStatus = start;
        for (const truth of heard) {
          const next = nextRefundStatus(status, truth);
          expect(isRefundSettled(next) || !isRefundSettled(status)).toBe(true);
          expect(nextRefundStatus(next, truth)).toBe(next);
          status = next;
        }
      }),
    );
  });

  it('lets a bank return what had succeeded, and nothing revive what has failed', () => {
    expect(nextRefundStatus('succeeded', 'failed')).toBe('failed');
    expect(truths.map((truth) => nextRefundStatus('failed', truth))).toEqual(['failed', 'failed', 'failed', 'failed']);
  });
});

describe('the sums of a payment', () => {
  it('never leave more to refund than was captured less what went back', () => {
    fc.assert(
      fc.property(refunds, fc.nat(50_000), fc.nat(50_000), (rows, amountMinor, refundedMinor) => {
        const sums = refundSums({ amountMinor, refundedMinor }, rows);
        expect(sums.refundableMinor).toBeGreaterThanOrEqual(0);
        expect(sums.refundedMinor).toBeGreaterThanOrEqual(refundedMinor);
        const taken = sums.refundedMinor + sums.reservedMinor + sums.refundableMinor;
        expect(taken).toBeLessThanOrEqual(Math.max(amountMinor, sums.refundedMinor + sums.reservedMinor));
      }),
    );
  });

  it('count a refund on its way once, whether the provider counts it or not', () => {
    const rows = [{ id: 're_1', status: 'pending' as const, amountMinor: 300 }];
    for (const refundedMinor of [0, 300])
      expect(refundSums({ amountMinor: 1000, refundedMinor }, rows)).toMatchObject({ refundableMinor: 700 });
  });

  it('leave out the refund that is being made', () => {
    const rows = [{ id: 're_1', status: 'unknown' as const, amountMinor: 300 }];
    expect(refundSums({ amountMinor: 1000, refundedMinor: 0 }, rows, 're_1')).toMatchObject({ reservedMinor: 0 });
  });
});

describe('what follows from refunds', () => {
  it.each([
    ['paid', 0, 'paid'],
    ['paid', 1, 'partially_refunded'],
    ['paid', 1000, 'refunded'],
    ['partially_refunded', 1000, 'refunded'],
    ['refunded', 0, 'refunded'],
    ['void', 1000, 'void'],
    ['open', 1, 'open'],
  ] as const)('makes an invoice that is %s with %i back %s', (status, refunded, expected) => {
    expect(invoiceStatusWith(status, 1000, refunded)).toBe(expected);
  });

  it('shows a dispute before a refund, and a refund before the payment', () => {
    const of = (refundedMinor: number, isDisputed: boolean) =>
      orderStatusOf({ amountMinor: 1000, refundedMinor, isDisputed });
    expect([of(0, false), of(1, false), of(1000, false), of(1000, true)]).toEqual([
      'paid',
      'partially_refunded',
      'refunded',
      'disputed',
    ]);
  });
});

it('looks soon, then less and less often, and never stops', () => {
  const gaps = Array.from({ length: 40 }, (_, looks) => refundLookGapMs(looks));
  expect(gaps[0]).toBeLessThanOrEqual(2_000);
  expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
  expect(gaps.at(-1)).toBe(6 * 3_600_000);
});
