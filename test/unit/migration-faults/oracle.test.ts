import { describe, expect, it } from 'vitest';
import {
  judge,
  type Followed,
  type LedgerLine,
  type MigrationBooks,
  type TheirSubscription,
} from '../../migration-faults/oracle.ts';

const at = (day: string) => `2026-${day}T10:00:00.000Z`;
const ms = (day: string) => Date.parse(at(day));

const moved: Followed = {
  ...{ organizationId: 'org_1', legacyId: 'OLD1', what: 'monthly, acts', fate: 'moves', free: null },
  cover: { fromMs: ms('10-22'), toMs: null },
};
const stayed: Followed = { ...moved, organizationId: 'org_2', legacyId: 'OLD2', what: 'never acts', fate: 'stays' };
const left: Followed = {
  ...{ ...moved, organizationId: 'org_3', legacyId: 'OLD3', what: 'cancels', fate: 'ends' },
  cover: { fromMs: ms('10-22'), toMs: ms('11-22') },
};

const charge = (
  id: string,
  subscription: string,
  from: string,
  to: string,
  more: Partial<LedgerLine> = {},
): LedgerLine => ({
  ...{
    provider: subscription.startsWith('OLD') ? 'old' : 'new',
    kind: 'charge',
    id,
    subscription,
    status: 'succeeded',
  },
  ...{ amount_minor: 2_900, currency: 'USD', period: { start: at(from), end: at(to) }, charge: null, metadata: {} },
  ...more,
});
const theirs = (id: string, renews: boolean, organizationId: string | null = null): TheirSubscription => ({
  ...{
    provider: id.startsWith('OLD') ? 'old' : 'new',
    id,
    organizationId,
    status: renews ? 'active' : 'canceled',
    renews,
  },
});

const clean: MigrationBooks = {
  oldProvider: 'old',
  followed: [moved, stayed, left],
  ledger: [
    charge('pay_1', 'OLD1', '10-22', '11-22'),
    charge('ord_1', 'NEW1', '11-22', '12-22'),
    charge('pay_2', 'OLD2', '10-22', '11-22'),
    charge('pay_3', 'OLD2', '11-22', '12-22'),
    charge('pay_4', 'OLD3', '10-22', '11-22'),
  ],
  subscriptions: [
    ...[theirs('OLD1', false), theirs('OLD2', true), theirs('OLD3', false)],
    theirs('NEW1', true, 'org_1'),
  ],
  untilMs: ms('12-01'),
};

const without = (id: string): MigrationBooks => ({ ...clean, ledger: clean.ledger.filter((line) => line.id !== id) });
const withLines = (...lines: readonly LedgerLine[]): MigrationBooks => ({
  ...clean,
  ledger: [...clean.ledger, ...lines],
});
const withTheirs = (...changed: readonly TheirSubscription[]): MigrationBooks => {
  const ids = new Set(changed.map(({ id }) => id));
  return { ...clean, subscriptions: [...clean.subscriptions.filter(({ id }) => !ids.has(id)), ...changed] };
};

describe('the oracle of a migration', () => {
  it('finds nothing where one moved, one stayed and one left', () => {
    expect(judge(clean)).toEqual([]);
  });

  const planted: readonly (readonly [string, MigrationBooks, RegExp])[] = [
    [
      'both providers charge for one period',
      withLines(charge('pay_5', 'OLD1', '11-22', '12-22')),
      /org_1.*charged twice for 2026-11-22.*old pay_5 and new ord_1|org_1.*charged twice.*ord_1 and old pay_5/,
    ],
    ['one provider charges twice', withLines(charge('pay_5', 'OLD2', '11-22', '12-22')), /org_2.*charged twice/],
    [
      'the new one charges a day too early',
      { ...without('ord_1'), ledger: [...without('ord_1').ledger, charge('ord_1', 'NEW1', '11-21', '12-21')] },
      /org_1.*charged twice for 2026-11-21T10:00:00.000Z to 2026-11-22/,
    ],
    [
      'the new one charges a day too late',
      { ...without('ord_1'), ledger: [...without('ord_1').ledger, charge('ord_1', 'NEW1', '11-23', '12-23')] },
      /org_1.*nothing covers 2026-11-22T10:00:00.000Z to 2026-11-23/,
    ],
    ['the first charge never comes', without('ord_1'), /org_1.*nothing covers 2026-11-22/],
    ['who stayed is not charged any more', without('pay_3'), /org_2.*nothing covers 2026-11-22/],
    [
      'what was charged has gone back',
      withLines(charge('re_1', 'NEW1', '11-22', '12-22', { kind: 'refund', charge: 'ord_1', period: null })),
      /org_1.*nothing covers/,
    ],
    ['both go on', withTheirs(theirs('OLD1', true)), /org_1.*billed by 2: old OLD1 .* and new NEW1/],
    ['who stayed has another at the new provider', withTheirs(theirs('NEW2', true, 'org_2')), /org_2.*billed by 2/],
    [
      'who stayed was charged there once',
      {
        ...withTheirs(theirs('NEW2', false, 'org_2')),
        ledger: [...clean.ledger, charge('ord_9', 'NEW2', '12-22', '12-23')],
      },
      /org_2.*never went there, and was charged: new ord_9/,
    ],
    [
      'the old one of who stayed was cancelled',
      withTheirs(theirs('OLD2', false)),
      /org_2.*nobody will charge for it again/,
    ],
    ['neither goes on', withTheirs(theirs('NEW1', false, 'org_1')), /org_1.*nobody will charge/],
    [
      'who left goes on elsewhere',
      withTheirs(theirs('NEW3', true, 'org_3')),
      /org_3.*has ended, and new NEW3.*goes on/,
    ],
    [
      'who acted was never moved',
      {
        ...withTheirs(theirs('OLD1', true), theirs('NEW1', false, 'org_1')),
        ledger: [...without('ord_1').ledger, charge('pay_5', 'OLD1', '11-22', '12-22')],
      },
      /org_1.*was to move and is still with old OLD1/,
    ],
    [
      'nobody known was charged',
      withLines(charge('ord_7', 'NEW7', '11-22', '12-22')),
      /new ord_7 of NEW7 charged nobody who is known/,
    ],
    ['a subscription of nobody goes on', withTheirs(theirs('NEW8', true, null)), /NEW8.*belongs to nobody/],
    [
      'a charge tells no period',
      withLines(charge('ord_6', 'NEW1', '11-22', '12-22', { period: null })),
      /ord_6 pays for no period/,
    ],
    [
      'the old provider has lost one',
      { ...clean, subscriptions: clean.subscriptions.filter(({ id }) => id !== 'OLD2') },
      /org_2.*does not know it/,
    ],
  ];
  it.each(planted)('sees that %s', (_name, books, told) => {
    expect(judge(books).join('\n')).toMatch(told);
  });

  it('passes over money that never came, and trials that need none', () => {
    const failed = charge('pay_5', 'OLD1', '11-22', '12-22', { status: 'failed' });
    expect(judge(withLines(failed))).toEqual([]);
    const trial: Followed = { ...moved, free: { fromMs: ms('10-22'), toMs: ms('11-22') } };
    expect(judge({ ...without('pay_1'), followed: [trial, stayed, left] })).toEqual([]);
    expect(judge({ ...clean, followed: [trial, stayed, left] }).join()).toMatch(/charged twice.*a free trial/);
  });

  describe('of two subscriptions of one customer', () => {
    const twin = (legacyId: string): Followed => ({ ...moved, legacyId, fate: 'twin' });
    const books = (oneRenews: boolean, otherRenews: boolean): MigrationBooks => ({
      ...clean,
      followed: [twin('OLD1'), twin('OLD9')],
      ledger: [
        ...[charge('pay_1', 'OLD1', '10-22', '11-22'), charge('ord_1', 'NEW1', '11-22', '12-22')],
        ...[charge('pay_8', 'OLD9', '10-22', '11-22'), charge('pay_9', 'OLD9', '11-22', '12-22')],
      ],
      subscriptions: [theirs('OLD1', oneRenews), theirs('OLD9', otherRenews), theirs('NEW1', true, 'org_1')],
    });

    it('lets the one that ended have moved, and the other stay', () => {
      expect(judge(books(false, true))).toEqual([]);
    });

    it('sees that neither or both ended', () => {
      expect(judge(books(true, true)).join()).toMatch(/0 of its 2 subscriptions ended/);
      expect(judge(books(false, false)).join()).toMatch(/2 of its 2 subscriptions ended/);
    });

    it('sees one at the new provider although its customer did nothing', () => {
      const idle = {
        ...books(true, true),
        followed: [twin('OLD1'), twin('OLD9')].map((each) => ({ ...each, fate: 'stays' as const })),
      };
      expect(judge(idle).join()).toMatch(/billed by 2/);
    });
  });
});
