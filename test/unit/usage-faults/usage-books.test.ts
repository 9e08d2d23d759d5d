import { describe, expect, it } from 'vitest';
import type { Expected } from '../../usage-faults/expect.ts';
import { compareUsage, type UsageBooks } from '../../usage-faults/usage-books.ts';

const expected: Expected = {
  meters: [
    { organizationId: 'org_1', meter: 'units', value: '12.5', isBilled: true },
    { organizationId: 'org_2', meter: 'units', value: '3', isBilled: false },
  ],
  events: { org_1: 4, org_2: 1 },
  ...{ reported: 4, rejected: 1 },
};
const report = { status: 'succeeded', pending: 0, differing: 0, why: 'done' };
const whole: UsageBooks = {
  expected,
  stored: { org_1: 4, org_2: 1 },
  ours: [
    { organizationId: 'org_1', meter: 'units', value: '12.5' },
    { organizationId: 'org_2', meter: 'units', value: '3' },
  ],
  theirs: [{ organizationId: 'org_1', meter: 'units', value: '12.5' }],
  miscounted: { units: 0 },
  reports: [
    { ...report, id: 'ur_1', received: 3, reported: 3, rejected: 0 },
    { ...report, id: 'ur_2', received: 2, reported: 1, rejected: 1 },
  ],
  accepted: 5,
};

/** The books with something else in the last report. */
const withLast = (changes: Partial<UsageBooks['reports'][number]>): UsageBooks => ({
  ...whole,
  reports: whole.reports.map((one, index) => (index === 1 ? { ...one, ...changes } : one)),
});

describe('the books of usage', () => {
  it('agree where every event was counted once here and once there', () => {
    expect(compareUsage(whole)).toEqual([]);
  });

  it('agree where an answer was lost with the connection that was to bring it', () => {
    expect(compareUsage({ ...whole, accepted: 2 })).toEqual([]);
  });

  const planted: readonly (readonly [string, UsageBooks, string])[] = [
    [
      'an event that is stored twice',
      { ...whole, stored: { org_1: 5, org_2: 1 } },
      'org_1 has 5 events, 4 different ones were sent',
    ],
    ['an event that was lost', { ...whole, stored: { org_1: 4 } }, 'org_2 has 0 events, 1 different ones were sent'],
    [
      'events of somebody else',
      { ...whole, stored: { ...whole.stored, org_3: 1 } },
      'org_3 has 1 events, 0 different ones were sent',
    ],
    [
      'a repeat that was accepted as new',
      { ...whole, accepted: 6 },
      '6 events were accepted as new, 5 different ones were sent',
    ],
    [
      'a figure of ours that is a thousandth off',
      { ...whole, ours: [{ organizationId: 'org_1', meter: 'units', value: '12.501' }, ...whole.ours.slice(1)] },
      'org_1 has used 12.501 of units, not 12.5',
    ],
    ['a figure that is missing', { ...whole, ours: whole.ours.slice(1) }, 'org_1 has used nothing of units, not 12.5'],
    [
      'a rollup that is not its events',
      { ...whole, miscounted: { units: 2 } },
      '2 hours of units are not what their events add up to',
    ],
    [
      'a provider that was told an event twice',
      { ...whole, theirs: [{ organizationId: 'org_1', meter: 'units', value: '13.5' }] },
      'the provider of org_1 has counted 13.5 of units, not 12.5',
    ],
    [
      'a provider that was told nothing',
      { ...whole, theirs: [] },
      'the provider of org_1 has counted 0 of units, not 12.5',
    ],
    [
      'a provider that was told of whom it does not bill',
      { ...whole, theirs: [...whole.theirs, { organizationId: 'org_2', meter: 'units', value: '3' }] },
      'the provider of org_2 has counted 3 of units, not 0',
    ],
    ['a report that does not add up', withLast({ received: 3 }), 'report ur_2 received 3 events and accounts for 2'],
    [
      'an event in two reports',
      withLast({ received: 3, reported: 2 }),
      'all reports together received 6 events, not 5',
    ],
    ['an event in no report', withLast({ received: 1, rejected: 0 }), 'all reports together rejected 0 events, not 1'],
    [
      'an event reported that cannot be',
      withLast({ reported: 2, rejected: 0 }),
      'all reports together reported 5 events, not 4',
    ],
    ['something pending', withLast({ reported: 0, pending: 1 }), 'report ur_2 has 1 events pending'],
    ['a report that failed', withLast({ status: 'failed', why: 'no' }), 'report ur_2 is failed: no'],
    [
      'a difference that a report found',
      withLast({ differing: 1 }),
      'the last report ur_2 found 1 differences at providers',
    ],
    [
      'a comparison that was not made',
      withLast({ differing: null }),
      'the last report ur_2 found no answer about differences at providers',
    ],
    ['no report at all', { ...whole, reports: [] }, 'all reports together received 0 events, not 5'],
  ];

  it.each(planted)('show %s', (_name, books, fault) => {
    expect(compareUsage(books)).toContain(fault);
  });
});
