import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../../src/domain/calendar/calendar.ts';
import { periodAt, periodOf, reAnchor, trialOf, type PeriodRule } from '../../../src/domain/calendar/period.ts';
import { oracleDaysAfter, oracleHistory, oraclePeriod, oraclePeriodAt } from './support/luxon-calendar.ts';

const monthsLater = (anchorAt: string, months: number, timeZone: string) =>
  periodOf({ anchorAt, interval: 'monthly', timeZone, index: months }).start;

/** North and south, half hours, half-hour summer time, a day that was skipped, none of it. */
const zones = [
  ...['UTC', 'America/Mexico_City', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe'],
  ...['Pacific/Apia', 'America/Santiago', 'Africa/Casablanca', 'Asia/Kathmandu', 'Pacific/Chatham'],
];
const instant = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
/** Late in a month, in the small hours when clocks are changed. */
const awkward = fc
  .record({
    year: fc.integer({ min: 2000, max: 2050 }),
    month: fc.integer({ min: 0, max: 11 }),
    day: fc.integer({ min: 26, max: 31 }),
    minute: fc.integer({ min: 0, max: 1439 }),
  })
  .map(({ year, month, day, minute }) => new Date(Date.UTC(year, month, day, 0, minute)).toISOString());
const rule = fc.record({
  anchorAt: fc.oneof(instant, awkward),
  interval: fc.constantFrom('monthly' as const, 'yearly' as const),
  timeZone: fc.constantFrom(...zones),
});

describe('periods by the calendar', () => {
  it.each([
    [
      'a month end in a leap year',
      '2024-01-31T10:00:00.000Z',
      1,
      '2024-02-29T10:00:00.000Z',
      '2024-03-31T10:00:00.000Z',
    ],
    [
      'a month end in a common year',
      '2026-01-31T10:00:00.000Z',
      1,
      '2026-02-28T10:00:00.000Z',
      '2026-03-31T10:00:00.000Z',
    ],
    ['the 30th', '2026-01-30T00:00:00.000Z', 1, '2026-02-28T00:00:00.000Z', '2026-03-30T00:00:00.000Z'],
    ['the 29th', '2026-01-29T23:59:59.999Z', 2, '2026-03-29T23:59:59.999Z', '2026-04-29T23:59:59.999Z'],
  ])('clamps %s and returns to the anchor', (_, anchorAt, index, start, end) => {
    expect(periodOf({ anchorAt, interval: 'monthly', index })).toEqual({ start, end });
  });

  it('pays a leap day on 28 February in common years and on the 29th again four years later', () => {
    const yearly = { anchorAt: '2024-02-29T12:00:00.000Z', interval: 'yearly' } as const;
    expect(periodOf({ ...yearly, index: 0 }).end).toBe('2025-02-28T12:00:00.000Z');
    expect(periodOf({ ...yearly, index: 3 }).end).toBe('2028-02-29T12:00:00.000Z');
  });

  it("keeps the anchor's wall time over summer time, moves a missing one forward and takes a doubled one first", () => {
    const anchorAt = '2026-03-01T11:00:00.000Z';
    const { end } = periodOf({ anchorAt, interval: 'monthly', timeZone: 'Europe/Berlin', index: 0 });
    expect(end).toBe('2026-04-01T10:00:00.000Z');
    // 2026-03-29 02:30 is skipped; 2026-10-25 02:30 comes twice.
    expect(monthsLater('2026-01-29T01:30:00.000Z', 2, 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
    expect(monthsLater('2026-09-25T00:30:00.000Z', 1, 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
  });

  it('refuses what is no instant and no zone', () => {
    expect(() => monthsLater('yesterday', 1, 'UTC')).toThrow(RangeError);
    expect(() => monthsLater('2026-01-01T00:00:00.000Z', 1, 'Mars/Olympus')).toThrow(RangeError);
  });
});

describe('the calendar equals the oracle', () => {
  it('for the periods of random anchors, intervals and zones', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: -24, max: 60 }), (given, index) => {
        const { timeZone: zone, ...rest } = given;
        expect(periodOf({ ...given, index })).toEqual(oraclePeriod({ ...rest, zone, index }));
      }),
      { numRuns: 500 },
    );
  });

  it('for every monthly boundary of the anchors 28 to 31 in every zone', () => {
    for (const timeZone of zones)
      for (const day of [28, 29, 30, 31])
        for (let index = 0; index < 26; index += 1) {
          const anchorAt = `2023-01-${day}T02:30:00.000Z`;
          const expected = oraclePeriod({ anchorAt, interval: 'monthly', zone: timeZone, index });
          expect(periodOf({ anchorAt, interval: 'monthly', timeZone, index })).toEqual(expected);
        }
  });

  it('for the period of a random instant', () => {
    fc.assert(
      fc.property(rule, fc.oneof(instant, awkward), (given, at) => {
        const { timeZone: zone, ...rest } = given;
        fc.pre(Math.abs(Date.parse(at) - Date.parse(given.anchorAt)) < 4 * 366 * 86_400_000);
        const { index: _, ...found } = periodAt(given, at);
        expect(found).toEqual(oraclePeriodAt({ ...rest, zone }, at));
      }),
      { numRuns: 40 },
    );
  });

  it('from a trial to the first charge and the periods after it', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: 1, max: 400 }), ({ anchorAt: startAt, interval, timeZone }, days) => {
        const trial = trialOf({ startAt, days, timeZone });
        const end = oracleDaysAfter(startAt, days, timeZone);
        expect(trial).toEqual({ start: startAt, end, anchorAt: end });
        const third = { anchorAt: end, interval, index: 2 };
        expect(periodOf({ ...third, timeZone })).toEqual(oraclePeriod({ ...third, zone: timeZone }));
      }),
      { numRuns: 200 },
    );
  });

  it('through random histories of yearly and monthly legs', () => {
    const leg = fc.record({
      interval: fc.constantFrom('monthly' as const, 'yearly' as const),
      periods: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(rule, fc.array(leg, { minLength: 1, maxLength: 5 }), ({ anchorAt, timeZone }, legs) => {
        expect(boundariesOf(anchorAt, timeZone, legs)).toEqual(oracleHistory({ anchorAt, zone: timeZone, legs }));
      }),
      { numRuns: 80 },
    );
  });
});

describe('the calendar by itself', () => {
  it('has no gap and no overlap between periods', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: -24, max: 120 }), (given, index) => {
        const here = periodOf({ ...given, index });
        expect(periodOf({ ...given, index: index + 1 }).start).toBe(here.end);
        expect(here.start < here.end).toBe(true);
        expect(periodAt(given, here.start)).toEqual({ index, ...here });
      }),
    );
  });

  it('begins anew from an instant between boundaries', () => {
    const monthly = { anchorAt: '2026-01-31T00:00:00.000Z', interval: 'monthly' } as const;
    const changed = reAnchor(monthly, { at: '2026-02-10T00:00:00.000Z', interval: 'yearly' });
    expect(periodOf({ ...changed, index: 0 })).toEqual({
      start: '2026-02-10T00:00:00.000Z',
      end: '2027-02-10T00:00:00.000Z',
    });
  });

  it('counts a trial of days by the wall, not by 24 hours', () => {
    expect(addDays('2026-03-28T11:00:00.000Z', 2, 'Europe/Berlin')).toBe('2026-03-30T10:00:00.000Z');
  });
});

function boundariesOf(
  anchorAt: string,
  timeZone: string,
  legs: readonly { readonly interval: 'monthly' | 'yearly'; readonly periods: number }[],
): readonly string[] {
  let rule: PeriodRule = { anchorAt, timeZone, interval: legs[0]?.interval ?? 'monthly' };
  const found = [periodOf({ ...rule, index: 0 }).start];
  for (const { interval, periods } of legs) {
    rule = reAnchor(rule, { at: found.at(-1) ?? anchorAt, interval });
    for (let index = 0; index < periods; index += 1) found.push(periodOf({ ...rule, index }).end);
  }
  return found;
}
