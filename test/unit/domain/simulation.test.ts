import { describe, expect, it } from 'vitest';
import { rules, type Rules } from '../../../scripts/simulate/rules.ts';
import { simulateLives } from '../../../scripts/simulate/simulate-lives.ts';
import { periodOf } from '../../../src/domain/calendar/period.ts';
import { isOver } from '../../../src/domain/subscription/transition.ts';

const seed = 20_261_121;

describe('simulated lives', () => {
  it('hold every invariant for a thousand subscription-years', () => {
    const { years, broken } = simulateLives({ seed, years: 1_000 });
    expect(broken).toBeNull();
    expect(years).toBeGreaterThanOrEqual(1_000);
  });

  it('are decided by their seed, and one can be played again alone', () => {
    const planted = { ...rules, isLate: () => false, transitionOf: reopening };
    const { broken } = simulateLives({ seed, years: 5_000, rules: planted });
    const again = simulateLives({ seed, years: Number.MIN_VALUE, rules: planted, first: broken?.life ?? -1 });
    expect(broken).not.toBeNull();
    expect(again.broken).toEqual(broken);
  });
});

/** What the simulation is worth: each bug that is planted into one rule of the domain is found, by the invariant it breaks. */
const planted: readonly { readonly bug: string; readonly finds: string; readonly rules: Partial<Rules> }[] = [
  { bug: 'a late fact reopens what is over', finds: 'no resurrection', rules: { transitionOf: reopening } },
  {
    bug: 'the agenda forgets the end of the grace',
    finds: 'every past due ends',
    rules: {
      nextAgendaItem: (row, policy, nowMs) =>
        rules.nextAgendaItem(
          { ...row, graceEndsAt: row.collection === 'provider' ? null : row.graceEndsAt },
          policy,
          nowMs,
        ),
    },
  },
  {
    bug: 'a late payer keeps access whatever the policy says',
    finds: 'entitled when the policy says',
    rules: {
      entitlementOf: (input) => rules.entitlementOf({ ...input, policy: { ...input.policy, pastDueAccess: 'keep' } }),
    },
  },
  {
    bug: 'a disputed payment takes no access',
    finds: 'entitled when the policy says',
    rules: { entitlementOf: (input) => rules.entitlementOf({ ...input, isDisputed: false }) },
  },
  {
    bug: 'two vouchers of one period pay the same period',
    finds: 'one charge per period',
    rules: {
      enterSeen(book, seen, owner, now) {
        const entered = rules.enterSeen(book, seen, owner, now);
        return {
          ...entered,
          entries: entered.entries.map((entry) => ({ ...entry, period: firstPeriodOf(book, entry) })),
        };
      },
    },
  },
  {
    bug: 'money for a voucher that has lapsed is not taken',
    finds: 'no money is lost',
    rules: {
      enterSeen: (book, seen, owner, now) =>
        rules.enterSeen(
          book,
          seen.filter(({ id }) => book.entries.find((entry) => entry.id === id)?.status !== 'void'),
          owner,
          now,
        ),
    },
  },
  {
    bug: 'periods are counted from the one before, so that the 31st is lost in February',
    finds: "periods are the calendar's",
    rules: {
      enterSeen(book, seen, owner, now) {
        const entered = rules.enterSeen(book, seen, owner, now);
        return {
          ...entered,
          entries: entered.entries.map((entry) => (entry.status === 'paid' ? drifted(entry, owner.interval) : entry)),
        };
      },
    },
  },
  {
    bug: 'a voucher that is out counts for nothing',
    finds: 'one voucher at a time',
    rules: {
      lifeByBook: (book, owner, now) =>
        rules.lifeByBook({ ...book, entries: book.entries.filter(({ status }) => status !== 'open') }, owner, now),
    },
  },
  {
    bug: 'a refusal is asked again at once',
    finds: 'the agenda moves on',
    rules: {
      lifeByBook: (book, owner, now) =>
        rules.lifeByBook({ ...book, entries: book.entries.filter(({ refusedAt }) => refusedAt === null) }, owner, now),
    },
  },
];

describe('a planted bug', () => {
  it.each(planted)('is found: $bug', ({ finds, rules: changed }) => {
    const { broken } = simulateLives({ seed, years: 3_000, rules: { ...rules, ...changed } });
    expect(broken?.invariant).toBe(finds);
  });
});

function reopening(...[status, seen]: Parameters<Rules['transitionOf']>): ReturnType<Rules['transitionOf']> {
  return isOver(status) ? { ...rules.transitionOf(status, seen), to: seen } : rules.transitionOf(status, seen);
}

type Book = Parameters<Rules['enterSeen']>[0];
type Entry = Book['entries'][number];

/** As the voucher was issued, whatever was paid meanwhile. */
function firstPeriodOf(book: Book, entry: Entry): Entry['period'] {
  const known = book.entries.find(({ id }) => id === entry.id);
  return book.anchorAt === null || !known ? entry.period : known.period;
}

function drifted(entry: Entry, interval: 'monthly' | 'yearly'): Entry {
  return { ...entry, period: periodOf({ anchorAt: entry.period.start, interval, index: 0 }) };
}
