import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverPeriods, type PeriodState } from '../../../../src/domain/migration/proof.ts';
import type { Period } from '../../../../src/domain/calendar/period.ts';
import type { ChargeEvidence, SubscriptionEvidence } from '../../../../src/domain/migration/evidence.ts';
import { aCharge, at, day, evidenceOf, lifeOf, lives, minute, withCharges, type Life } from './lives.ts';

const periodsOf = (life: Life) => [...life.old, ...life.moved];
const idsOf = (life: Life) => [
  ...life.old.map(({ start }) => `old-${start}`),
  ...life.moved.map(({ start }) => `new-${start}`),
];
/** What each period should come to, where one of them differs. */
const expected = (life: Life, index: number, state: PeriodState, chargeIds: readonly string[]) =>
  periodsOf(life).map((period, each) =>
    each === index
      ? { ...period, state, chargeIds }
      : { ...period, state: 'charged', chargeIds: [idsOf(life)[each] ?? ''] },
  );
/** A life and one of its periods, not always the first. */
const planted = fc
  .tuple(lives, fc.nat())
  .map(([life, any]) => ({ life, index: any % periodsOf(life).length, count: periodsOf(life).length }));
const only = (index: number, change: (charge: ChargeEvidence) => readonly ChargeEvidence[]) => {
  return (charge: ChargeEvidence, each: number) => (each === index ? change(charge) : [charge]);
};

describe('periods covered by charges', () => {
  it('name the one charge of each period, whatever the day of the month and the year', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { verdict, periods } = coverPeriods(evidenceOf(life), life.rules);
        expect(verdict).toBe('charged');
        expect(periods).toEqual(expected(life, -1, 'charged', []));
      }),
    );
  });

  it('stay the same where charges come a little early, days late, twice over, and in any order', () => {
    const shifts = fc.array(fc.integer({ min: -50 * minute, max: 9 * day }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(lives, shifts, (life, by) => {
        const shifted = withCharges(evidenceOf(life), (charge, index) => {
          // The first is the sale itself; a leap day, say, shows in no later one.
          const moved = index === 0 ? charge : { ...charge, at: at(charge.at, by[index] ?? 0) };
          return [moved, moved];
        }).map((each) => ({ ...each, charges: each.charges.toReversed() }));
        const { periods, charges } = coverPeriods(shifted, life.rules);
        expect(periods).toEqual(expected(life, -1, 'charged', []));
        expect(charges.map(({ charge }) => charge.chargeId).toSorted()).toEqual(idsOf(life).toSorted());
      }),
    );
  });

  it('show a planted gap as exactly the period without a charge', () => {
    fc.assert(
      fc.property(
        // Before the first charge of all, and after the last, nothing tells of a missing one: see below.
        planted.filter(({ index, count }) => index > 0 && index < count - 1),
        ({ life, index }) => {
          const { verdict, periods } = coverPeriods(
            withCharges(
              evidenceOf(life),
              only(index, () => []),
            ),
            life.rules,
          );
          expect(verdict).toBe('gap');
          expect(periods).toEqual(expected(life, index, 'gap', []));
        },
      ),
    );
  });

  it('show a planted double charge as exactly the period that both cover', () => {
    fc.assert(
      fc.property(planted, fc.integer({ min: 0, max: 9 * day }), ({ life, index }, laterMs) => {
        const twice = only(index, (charge) => [charge, { ...charge, chargeId: 'twice', at: at(charge.at, laterMs) }]);
        const { verdict, periods } = coverPeriods(withCharges(evidenceOf(life), twice), life.rules);
        expect(verdict).toBe('overlap');
        const shown = periods.map((each) => ({ ...each, chargeIds: each.chargeIds.toSorted() }));
        expect(shown).toEqual(expected(life, index, 'overlap', [idsOf(life)[index] ?? '', 'twice'].toSorted()));
      }),
    );
  });

  it('show how long the new provider charged for time that the old one was paid for', () => {
    fc.assert(
      fc.property(
        lives.filter(({ moved }) => moved.length > 0),
        fc.integer({ min: 2, max: 20 }),
        (life, days) => {
          const [first] = life.moved;
          const early = at(first?.start ?? '', -days * day);
          const evidence = withCharges(
            evidenceOf(life),
            only(life.old.length, (charge) => [{ ...charge, period: { start: early, end: charge.period?.end ?? '' } }]),
          );
          const overlaps = coverPeriods(evidence, life.rules).periods.filter(({ state }) => state === 'overlap');
          expect(overlaps.map(({ start, end }) => ({ start, end }))).toEqual([{ start: early, end: first?.start }]);
        },
      ),
    );
  });

  it('count no charge that went back in full, and one that went back in part', () => {
    fc.assert(
      fc.property(planted, fc.integer({ min: 1, max: 1_899 }), ({ life, index }, part) => {
        const id = idsOf(life)[index] ?? '';
        const refunded = (refundedMinor: number | null) =>
          coverPeriods(
            withCharges(
              evidenceOf(life),
              only(index, (charge) => [{ ...charge, refundedMinor }]),
            ),
            life.rules,
          );
        expect(refunded(1_900).periods).toEqual(expected(life, index, 'refunded', [id]));
        expect(refunded(part).periods).toEqual(expected(life, -1, 'charged', []));
        expect(refunded(null).periods).toEqual(expected(life, -1, 'charged', []));
        const twice = only(index, (charge) => [{ ...charge, chargeId: 'back', refundedMinor: 1_900 }, charge]);
        expect(coverPeriods(withCharges(evidenceOf(life), twice), life.rules).verdict).toBe('charged');
      }),
    );
  });

  it('take changes and usage for something beside the period', () => {
    fc.assert(
      fc.property(planted, fc.constantFrom('update' as const, 'usage' as const), ({ life, index }, reason) => {
        const period = periodsOf(life)[index] ?? { start: '', end: '' };
        const middle = at(period.start, (Date.parse(period.end) - Date.parse(period.start)) / 2);
        const beside = only(index, (charge) => [
          charge,
          { ...charge, chargeId: 'beside', reason, at: middle, period: { start: middle, end: period.end } },
        ]);
        const { periods, charges } = coverPeriods(withCharges(evidenceOf(life), beside), life.rules);
        expect(periods).toEqual(expected(life, -1, 'charged', []));
        expect(charges.find(({ charge }) => charge.chargeId === 'beside')?.counts).toBe('beside');
      }),
    );
  });

  it('lose no charge and count none twice, whatever is planted', () => {
    const chaos = fc.array(
      fc.record({
        status: fc.constantFrom('paid' as const, 'pending' as const, 'failed' as const),
        reason: fc.constantFrom(
          'start' as const,
          'cycle' as const,
          'update' as const,
          'usage' as const,
          'other' as const,
        ),
        amountMinor: fc.constantFrom(0, 1_900, 5_000),
        refundedMinor: fc.constantFrom(0, 100, 1_900, null),
        shiftMs: fc.integer({ min: -400 * day, max: 400 * day }),
        told: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(lives, chaos, (life, plants) => {
        const [old, ...rest] = evidenceOf(life);
        const more = plants.map(({ amountMinor, shiftMs, told, ...plant }, index) => {
          const from = at(old.charges[0]?.at ?? '', shiftMs);
          const period = told ? { start: from, end: at(from, 31 * day) } : null;
          const amount = { amountMinor, currency: 'USD' };
          return aCharge({ start: from, end: from }, { ...plant, amount, period, chargeId: `plant-${index}` });
        });
        const evidence = [{ ...old, charges: [...old.charges, ...more] }, ...rest];
        const { periods, charges } = coverPeriods(evidence, life.rules);
        const given = evidence.flatMap((each) => each.charges.map(({ chargeId }) => chargeId));
        expect(charges.map(({ charge }) => charge.chargeId).toSorted()).toEqual(given.toSorted());
        const edges = periods.flatMap(({ start, end }) => [Date.parse(start), Date.parse(end)]);
        expect(edges).toEqual(edges.toSorted((a, b) => a - b));
        const wrong = periods.filter(
          ({ state, start, end, chargeIds }) =>
            start >= end ||
            (state === 'charged' && chargeIds.length !== 1) ||
            (state === 'overlap' && chargeIds.length < 2),
        );
        expect(wrong).toEqual([]);
        // What was paid for a period and is not outside stands in at least one.
        const shown = periods.flatMap(({ chargeIds }) => chargeIds);
        const covering = charges.filter(({ counts }) => counts === 'covers').map(({ charge }) => charge.chargeId);
        expect(shown).toEqual(expect.arrayContaining(covering));
      }),
    );
  });
});

describe('what is no gap', () => {
  const life = lifeOf({ anchorAt: '2028-01-31T10:00:00.000Z', interval: 'month', olds: 2, news: 2 });
  const states = (evidence: readonly SubscriptionEvidence[], asOf = life.rules.asOf) =>
    coverPeriods(evidence, { ...life.rules, asOf }).periods.map(({ state }) => state);
  const [old, moved] = evidenceOf(life) as [SubscriptionEvidence, SubscriptionEvidence];
  const changed = life.old[1]?.end ?? '';

  it('counts a leap February from the 31st on', () => {
    expect(life.old.map(({ start }) => start.slice(0, 10))).toEqual(['2028-01-31', '2028-02-29']);
    expect(states([old, moved])).toEqual(['charged', 'charged', 'charged', 'charged']);
  });

  it('is a trial of the old provider, whose end is the first charge', () => {
    const trial = { start: at(life.old[0]?.start ?? '', -14 * day), end: life.old[0]?.start ?? '' };
    const rules = { ...life.rules, from: trial.start };
    const given = { ...old, trial, periods: [...old.periods, trial] };
    expect(coverPeriods([given, moved], rules).periods.map(({ state }) => state)).toEqual([
      'free',
      ...Array.from({ length: 4 }, () => 'charged'),
    ]);
  });

  it('is a first charge that may still come, until its time is over', () => {
    const waiting = { ...moved, status: 'trialing' as const, charges: [], periods: [] };
    expect(states([old, waiting], at(changed, 20 * 60 * minute))).toEqual(['charged', 'charged', 'awaited']);
    expect(states([old, waiting], at(changed, 3 * day))).toEqual(['charged', 'charged', 'gap']);
  });

  it('is what its provider is collecting, or has paused', () => {
    const asOf = at(changed, 3 * day);
    const without = { ...moved, charges: [], periods: [] };
    expect(states([old, { ...without, status: 'past_due' }], asOf).at(-1)).toBe('unpaid');
    expect(states([old, { ...without, status: 'paused', pausedAt: changed }], asOf).at(-1)).toBe('paused');
    const failed = moved.charges.slice(0, 1).map((charge) => ({ ...charge, status: 'failed' as const }));
    expect(states([old, { ...without, charges: failed }], asOf).at(-1)).toBe('unpaid');
  });

  it('is the time after the last subscription ended', () => {
    expect(states([old], at(changed, 400 * day))).toEqual(['charged', 'charged']);
  });

  it('but a new trial that outlasts what the old provider was paid for is one', () => {
    const start = at(changed, 9 * day);
    const trialing = aCharge(
      { start: at(changed, -3 * day), end: start },
      { ...{ provider: 'new', reason: 'start', amount: { amountMinor: 0, currency: 'USD' }, chargeId: 'trial' } },
    );
    const late = { ...moved, charges: [{ ...trialing, period: { start: at(changed, -3 * day), end: start } }] };
    expect(states([old, late], at(changed, 5 * day))).toEqual(['charged', 'charged', 'gap']);
  });

  it('takes a charge that came after the next one was due for the period that it was late for', () => {
    const months = lifeOf({ anchorAt: '2027-03-31T00:00:00.000Z', interval: 'month', olds: 4, news: 0 });
    const late = withCharges(evidenceOf(months), (charge, index) =>
      index === 1 ? [{ ...charge, at: at(months.old[2]?.start ?? '', 2 * day) }] : [charge],
    );
    expect(coverPeriods(late, months.rules).periods.map(({ state }) => state)).toEqual(
      Array.from({ length: 4 }, () => 'charged'),
    );
  });

  it.each([
    { what: 'seconds late', shiftMs: 28_000, states: ['charged', 'charged', 'charged', 'charged'], seamSeconds: 28 },
    { what: 'minutes late', shiftMs: 2 * minute, states: ['charged', 'charged', 'gap', 'charged', 'charged'] },
    { what: 'minutes early', shiftMs: -2 * minute, states: ['charged', 'charged', 'overlap', 'charged', 'charged'] },
  ])('tells to the second how the new side follows the old: $what', ({ shiftMs, states: wanted, seamSeconds = 0 }) => {
    const shift = ({ start, end }: Period) => ({ start: at(start, shiftMs), end: at(end, shiftMs) });
    const charges = moved.charges.map((charge) => ({ ...charge, period: charge.period && shift(charge.period) }));
    const shifted = { ...moved, charges, periods: moved.periods.map(shift) };
    const { periods, seamSeconds: told } = coverPeriods([old, shifted], life.rules);
    expect({ states: periods.map(({ state }) => state), told }).toEqual({ states: wanted, told: seamSeconds });
  });

  it('says nothing of a charge whose subscription tells no interval', () => {
    const { verdict, charges } = coverPeriods([{ ...old, interval: null }], life.rules);
    expect(verdict).toBe('unproven');
    expect(charges.map(({ counts }) => counts)).toEqual(['unplaced', 'unplaced']);
  });
});
