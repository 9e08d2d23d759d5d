import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodOf } from '../../../src/domain/calendar/period.ts';
import { defaultLifecyclePolicy } from '../../../src/domain/subscription/lifecycle-policy.ts';
import {
  enterSeen,
  lifeByBook,
  paidPeriods,
  vouchersToTakeBack,
  type VoucherBook,
  type VoucherEntry,
  type VoucherOwner,
  type VoucherSeen,
} from '../../../src/domain/subscription/voucher-book.ts';
import { voucherLife, type VoucherLifeInput } from '../../../src/domain/subscription/voucher-life.ts';

const anchorAt = '2026-01-31T12:00:00.000Z';
const period = (index: number) => periodOf({ anchorAt, interval: 'monthly', index });
const input: VoucherLifeInput = {
  ...{ interval: 'monthly', anchorAt, paid: [period(0)], outFor: null, hasIssued: true, isEnding: false },
  ...{ isPaused: false, graceEndsAt: null, policy: defaultLifecyclePolicy, now: '2026-02-10T00:00:00.000Z' },
};
const life = (changes: Partial<VoucherLifeInput>) => voucherLife({ ...input, ...changes });

describe('a subscription paid by voucher', () => {
  it('is incomplete until its first voucher is paid, and expires with it', () => {
    const unpaid = { anchorAt: null, paid: [] };
    expect(life({ ...unpaid, hasIssued: false })).toMatchObject({ status: 'incomplete', due: { at: input.now } });
    expect(life({ ...unpaid, outFor: input.now })).toMatchObject({ status: 'incomplete', due: null });
    expect(life(unpaid)).toMatchObject({ status: 'expired', due: null });
  });

  it('is active while a period is paid, with the next voucher due ahead of its end', () => {
    expect(life({})).toMatchObject({
      status: 'active',
      period: { start: '2026-01-31T12:00:00.000Z', end: '2026-02-28T12:00:00.000Z' },
      due: { period: period(1), at: '2026-02-23T12:00:00.000Z', expiresAt: '2026-03-14T12:00:00.000Z' },
    });
    expect(life({ outFor: period(1).start }).due).toBeNull();
  });

  it('is past due from the end of what is paid until the grace ends, then canceled by us', () => {
    expect(life({ now: '2026-02-28T12:00:00.000Z' })).toMatchObject({
      ...{ status: 'past_due', pastDueAt: '2026-02-28T12:00:00.000Z', graceEndsAt: '2026-03-14T12:00:00.000Z' },
      period: { end: '2026-03-31T12:00:00.000Z' }, // the 31st again
    });
    expect(life({ now: '2026-03-14T11:59:59.999Z' }).status).toBe('past_due');
    expect(life({ now: '2026-03-14T12:00:00.000Z' })).toMatchObject({
      ...{ status: 'canceled', endedAt: '2026-03-14T12:00:00.000Z', due: null },
    });
  });

  it('keeps the grace that runs when the policy changes', () => {
    const late = { now: '2026-03-05T00:00:00.000Z', policy: { ...defaultLifecyclePolicy, graceDays: 1 } };
    expect(life({ ...late, graceEndsAt: '2026-03-14T12:00:00.000Z' }).status).toBe('past_due');
    expect(life(late).status).toBe('canceled');
  });

  it('ends with what is paid once it is ending, and wants no voucher', () => {
    expect(life({ isEnding: true })).toMatchObject({ status: 'active', due: null });
    expect(life({ isEnding: true, now: period(0).end })).toMatchObject({ status: 'canceled', endedAt: period(0).end });
  });
});

const owner: VoucherOwner = {
  ...{ status: 'active', interval: 'monthly', amountMinor: 100, isEnding: false, isPaused: false },
  ...{ graceEndsAt: null, policy: defaultLifecyclePolicy },
};
const entry = (id: string, index: number, changes: Partial<VoucherEntry> = {}): VoucherEntry => ({
  ...{ id, status: 'open', period: period(index), totalMinor: 100, isIssued: true, refusedAt: null, paidAt: null },
  ...{ expiresAt: '2026-12-31T00:00:00.000Z', ...changes },
});
const firstPaid = entry('0', 0, { status: 'paid', paidAt: anchorAt });

describe('the book of vouchers', () => {
  it('takes money in any order and however often it is told, to the same book', () => {
    const book: VoucherBook = {
      anchorAt,
      entries: [firstPaid, entry('1', 1, { status: 'void' }), entry('2', 1), entry('3', 2, { status: 'void' })],
    };
    const told = fc.array(fc.constantFrom('1', '2', '3'), { minLength: 1, maxLength: 8 });
    const minute = (id: string) => `2026-03-01T00:0${id}:00.000Z`;
    fc.assert(
      fc.property(told, fc.array(fc.nat(2), { maxLength: 8 }), (ids, swaps) => {
        const seen = ids.map((id): VoucherSeen => ({ id, state: 'paid', paidAt: minute(id) }));
        const shuffled = swaps.reduce((list, at) => [...list.slice(at), ...list.slice(0, at)], seen);
        const once = enterSeen(book, seen, owner, '2026-03-02T00:00:00.000Z');
        expect(enterSeen(book, shuffled, owner, '2026-03-02T00:00:00.000Z')).toEqual(once);
        expect(enterSeen(once, shuffled, owner, '2026-04-02T00:00:00.000Z')).toEqual(once);
        const starts = paidPeriods(once.entries).map(({ start }) => start);
        expect(new Set(starts).size).toBe(starts.length);
        expect(starts).toHaveLength(new Set(ids).size + 1);
      }),
    );
  });

  it('does not take back what is merely waiting, and takes back what lapsed, costs something else or is paid elsewhere', () => {
    const now = '2026-02-25T00:00:00.000Z';
    const taken = (changes: Partial<VoucherEntry>, at = now) =>
      vouchersToTakeBack({ anchorAt, entries: [firstPaid, entry('1', 1, changes)] }, owner, at).length;
    expect(taken({})).toBe(0);
    expect(taken({ expiresAt: '2026-02-24T23:30:00.000Z' })).toBe(0); // a shop may still tell of money
    expect(taken({ expiresAt: '2026-02-24T23:00:00.000Z' })).toBe(1);
    expect(taken({ totalMinor: 90 })).toBe(1);
    expect(taken({ totalMinor: 90 }, '2026-03-02T00:00:00.000Z')).toBe(0); // its period runs: the old price holds
    expect(taken({ period: period(0) })).toBe(1);
  });

  it('asks again six hours after a refusal', () => {
    const refused = entry('1', 1, { status: 'void', isIssued: false, refusedAt: '2026-02-25T00:00:00.000Z' });
    const { due } = lifeByBook({ anchorAt, entries: [firstPaid, refused] }, owner, '2026-02-25T01:00:00.000Z');
    expect(due?.at).toBe('2026-02-25T06:00:00.000Z');
  });
});
