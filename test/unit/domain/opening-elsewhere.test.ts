import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterNotDone,
  firstOpening,
  forgetLeft,
  lookedBack,
  nextDeed,
  nextLookBack,
  notSent,
  openingElsewhere,
  restOfOpening,
  sending,
  whoStays,
  type LeftOpening,
  type Opening,
} from '../../../src/domain/subscription/opening.ts';
import { foundNothing } from '../../../src/domain/payment/sending.ts';

const start = Date.parse('2026-11-21T12:00:00Z');
const after = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
const left = (provider: string, changes: Partial<LeftOpening> = {}): LeftOpening => ({
  ...{ provider, providerCustomerId: 'cus', providerSubscriptionId: null, paymentMethodId: null },
  ...{ leftAt: after(0), looks: 0, ...changes },
});

describe('after a provider that surely did nothing', () => {
  it.each([
    ['passing', true, 'next'],
    ['passing', false, 'again'],
    ['final', true, 'next'],
    ['final', false, 'give_up'],
    ['stop', true, 'give_up'],
    ['stop', false, 'give_up'],
  ] as const)('which is %s, with another one: %s → %s', (failure, hasNext, what) => {
    expect(afterNotDone(firstOpening, failure, hasNext)).toBe(what);
  });

  it('and may at once, the same is asked once more, then the next', () => {
    expect(afterNotDone(firstOpening, 'retry', true)).toBe('again');
    expect(afterNotDone(notSent(sending(null, start)), 'retry', true)).toBe('next');
    expect(afterNotDone(notSent(sending(null, start)), 'retry', false)).toBe('again');
  });
});

describe('providers that were left', () => {
  const opening = openingElsewhere(openingElsewhere(null, left('alpha')), left('beta', { leftAt: after(10) }));

  it('are remembered until each was looked at 1, 5 and 30 minutes later', () => {
    expect(nextLookBack(opening)).toEqual({ at: after(60), left: left('alpha') });
    const once = lookedBack(opening, 'alpha');
    expect(nextLookBack(once)).toMatchObject({ at: after(70), left: { provider: 'beta' } });
    const alone = once && forgetLeft(once, 'beta');
    expect(nextLookBack(alone)?.at).toBe(after(300));
    const twice = alone && lookedBack(alone, 'alpha');
    expect(nextLookBack(twice)?.at).toBe(after(1_800));
    expect(twice && lookedBack(twice, 'alpha')).toBeNull();
  });

  it('come first where something is known to be there', () => {
    const found = openingElsewhere(opening, left('gamma', { leftAt: after(999), providerSubscriptionId: 'psub' }));
    expect(nextLookBack(found)).toMatchObject({ at: after(999), left: { provider: 'gamma' } });
  });

  it('outlive the opening, which itself is over', () => {
    expect(restOfOpening(firstOpening)).toBeNull();
    const declined = { ...opening, decline: { declineCode: 'generic_decline', providerCode: null } } as const;
    expect(restOfOpening(declined)).toEqual({ ...firstOpening, left: opening.left });
    expect(forgetLeft({ ...sending(opening, start), left: [left('alpha')] }, 'alpha')).toMatchObject({ left: [] });
  });

  it.each([
    [{ isUndecided: true }, 'wait'],
    [{}, 'found'],
    [{ isAsBegun: false }, 'row'],
    [{ isOver: true }, 'row'],
    [{ isThere: true }, 'row'],
  ] as const)('have it after all: %j → %s', (changes, stays) => {
    const row = { isUndecided: false, isOver: false, isAsBegun: true, isThere: false };
    expect(whoStays({ ...row, ...changes })).toBe(stays);
  });
});

/** What becomes of one call, and how long after it was sent its work is there to be seen; null: never. */
const fates = [
  ...[
    { answer: 'done', seenMs: 0 },
    { answer: 'declined', seenMs: null },
    { answer: 'not_done', seenMs: null },
  ],
  ...[
    { answer: 'lost', seenMs: null },
    { answer: 'lost', seenMs: 0 },
    { answer: 'lost', seenMs: 17_000 },
  ],
] as const;
type Fate = (typeof fates)[number];

interface Bank {
  readonly fates: Fate[];
  readonly sent: { readonly atMs: number; readonly fate: Fate; readonly generation: number }[];
}

/** Walks the candidates by what the domain says alone; the clock moves a few seconds with each deed. */
function walk(
  banks: readonly Bank[],
  gapsMs: readonly number[],
): { readonly at: number | null; readonly isDone: boolean } {
  let opening: Opening | null = null;
  let nowMs = start;
  let at = 0;
  for (let step = 0; step < 400; step += 1) {
    nowMs += gapsMs[step % gapsMs.length] ?? 1_000;
    const bank = banks[at];
    if (!bank) throw new Error('nobody is there');
    const hasNext = at + 1 < banks.length;
    if (nextDeed(opening) === 'send') {
      if (banks.some((other) => unclearAt(other, nowMs).length > 0)) throw new Error('somebody may still charge');
      opening = sending(opening, nowMs);
      const fate: Fate = bank.fates.shift() ?? { answer: 'done', seenMs: 0 };
      bank.sent.push({ atMs: nowMs, fate, generation: opening.generation });
      if (fate.answer === 'done') return { at, isDone: true };
      if (fate.answer === 'declined') return { at: null, isDone: true };
      if (fate.answer === 'lost') continue;
      const what = afterNotDone(opening, 'passing', hasNext);
      if (what === 'give_up') return { at: null, isDone: true };
      opening = what === 'next' ? openingElsewhere(opening, null) : notSent(opening);
      at += what === 'next' ? 1 : 0;
      continue;
    }
    if (seen(bank, nowMs).length > 0) return { at, isDone: true };
    opening = foundNothing(opening ?? firstOpening, nowMs);
    if (opening.sentAt !== null || !hasNext) continue;
    opening = openingElsewhere(opening, left(`bank_${at}`));
    at += 1;
  }
  return { at: null, isDone: false };
}

const seen = (bank: Bank, nowMs: number) =>
  bank.sent.filter(({ atMs, fate }) => fate.seenMs !== null && atMs + fate.seenMs <= nowMs);
/** Calls of which nobody can say yet what became of them. */
const unclearAt = (bank: Bank, nowMs: number) =>
  bank.sent.filter(({ atMs, fate }) => fate.answer === 'lost' && nowMs - atMs < 18_000);

describe('whatever two providers answer, or do not', () => {
  it('at most one has it, nobody is asked while an outcome is unknown, and it comes to an end', () => {
    const fate = fc.constantFrom<Fate>(...fates);
    fc.assert(
      fc.property(
        fc.array(fate, { maxLength: 6 }),
        fc.array(fate, { maxLength: 6 }),
        fc.array(fc.integer({ min: 200, max: 9_000 }), { minLength: 1, maxLength: 5 }),
        (ones, twos, gapsMs) => {
          const banks: Bank[] = [ones, twos].map((each) => ({ fates: [...each], sent: [] }));
          const { at, isDone } = walk(banks, gapsMs);
          expect(isDone).toBe(true);
          const begun = banks.map((bank) => seen(bank, Number.MAX_SAFE_INTEGER).length);
          expect(begun).toEqual(banks.map((_, index) => (index === at ? 1 : 0)));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
