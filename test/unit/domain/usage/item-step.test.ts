import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plus } from '../../../../src/domain/usage/decimal.ts';
import {
  itemNamed,
  nameThere,
  nextStep,
  planCorrection,
  settleUnknown,
  type RepeatTerms,
  type StepItem,
  type Told,
} from '../../../../src/domain/usage/item-step.ts';
import { aggregations, hourMs } from '../../../../src/domain/usage/meter.ts';
import type { UsageItemStatus } from '../../../../src/domain/usage/report.ts';

const nowMs = Date.parse('2026-11-22T10:00:00Z');
const forgets: RepeatTerms = { corrections: 'cancel', remembersMs: 24 * hourMs };
const remembers: RepeatTerms = { corrections: 'negative', remembersMs: null };
const anItem = (changes: Partial<StepItem> = {}): StepItem => ({
  ...{ status: 'pending', aggregation: 'sum', quantity: '5', sentAtMs: null, ...changes },
});

describe('the next step of an item', () => {
  it.each([
    ['sends what is pending', anItem(), forgets, 'send'],
    ['tells nothing of nothing', anItem({ quantity: '0.00' }), forgets, 'settle'],
    ['tells a largest value of nothing', anItem({ quantity: '0', aggregation: 'max' }), forgets, 'send'],
    ['takes back first where less cannot be told', anItem({ quantity: '-1' }), forgets, 'correct'],
    ['tells less where it can be', anItem({ quantity: '-1' }), remembers, 'send'],
    ['tells a last value below nothing', anItem({ quantity: '-1', aggregation: 'last' }), forgets, 'send'],
    ['repeats what is remembered', anItem({ status: 'sending', sentAtMs: nowMs - 22 * hourMs }), forgets, 'send'],
    ['asks about what is forgotten', anItem({ status: 'sending', sentAtMs: nowMs - 23 * hourMs }), forgets, 'ask'],
    ['asks about what was sent nobody knows when', anItem({ status: 'sending' }), forgets, 'ask'],
    ['repeats for ever where it is remembered for ever', anItem({ status: 'sending', sentAtMs: 0 }), remembers, 'send'],
    [
      'repeats what cannot count twice',
      anItem({ status: 'sending', sentAtMs: 0, aggregation: 'last' }),
      forgets,
      'send',
    ],
    ['asks about what is unknown', anItem({ status: 'unknown', sentAtMs: 0 }), forgets, 'ask'],
    ['leaves what was told', anItem({ status: 'reported' }), forgets, 'leave'],
    ['leaves what was refused', anItem({ status: 'rejected' }), forgets, 'leave'],
    ['leaves what was replaced', anItem({ status: 'replaced' }), forgets, 'leave'],
  ] as const)('%s', (_name, item, terms, step) => expect(nextStep(item, terms, nowMs)).toBe(step));

  it('never repeats a sum that its provider may have forgotten', () => {
    const statuses: UsageItemStatus[] = ['pending', 'sending', 'unknown', 'reported', 'rejected', 'replaced'];
    fc.assert(
      fc.property(
        fc.constantFrom(...statuses),
        fc.constantFrom(...aggregations),
        fc.integer({ min: -9, max: 9 }),
        fc.option(fc.integer({ min: 0, max: 48 * hourMs }), { nil: null }),
        fc.constantFrom(forgets, remembers),
        (status, aggregation, quantity, ageMs, terms) => {
          const sentAtMs = ageMs === null ? null : nowMs - ageMs;
          const step = nextStep({ status, aggregation, quantity: String(quantity), sentAtMs }, terms, nowMs);
          const isSum = aggregation === 'sum' || aggregation === 'count';
          if (step !== 'send' || status === 'pending' || !isSum || terms.remembersMs === null) return;
          expect(ageMs).not.toBeNull();
          expect(ageMs).toBeLessThan(terms.remembersMs);
        },
      ),
    );
  });
});

describe('items of unknown outcome', () => {
  it('settle so that the sum is what the provider has, whichever arrived', () => {
    const quantity = fc.integer({ min: -1_000, max: 1_000 }).map((units) => String(units / 8));
    fc.assert(
      fc.property(fc.array(fc.tuple(quantity, fc.boolean()), { maxLength: 8 }), quantity, (sent, reported) => {
        const unknown = sent.map(([each], index) => ({ id: `i${index}`, quantity: each }));
        const sum = (isThere: (index: number) => boolean) =>
          unknown.reduce((total, each, index) => (isThere(index) ? plus(total, each.quantity) : total), reported);
        const theirs = sum((index) => sent[index]?.[1] === true);
        const there = settleUnknown({ reported, unknown, theirs });
        expect(there).not.toBeNull();
        expect(sum((index) => there?.has(`i${index}`) === true)).toBe(plus(theirs, '0'));
      }),
    );
  });

  it('are for a person where no answer fits', () => {
    expect(settleUnknown({ reported: '1', unknown: [{ id: 'a', quantity: '2' }], theirs: '2' })).toBeNull();
    const many = Array.from({ length: 11 }, (_, index) => ({ id: `i${index}`, quantity: '0' }));
    expect(settleUnknown({ reported: '1', unknown: many, theirs: '1' })).toBeNull();
  });
});

describe('a correction', () => {
  const told = (id: string, status: UsageItemStatus, quantity = '5', reportedAtMs: number | null = null): Told => ({
    ...{ id, status, quantity, reportedAtMs },
  });

  it.each([
    [
      'takes back the newest',
      [told('a', 'reported', '5', 1), told('b', 'reported', '1', 2)],
      { act: 'cancel', id: 'b' },
    ],
    [
      'takes back no correction',
      [told('a', 'reported', '5', 1), told('b', 'reported', '-1', 2)],
      { act: 'cancel', id: 'a' },
    ],
    ['waits for what is on its way', [told('a', 'sending')], { act: 'wait' }],
    ['waits for what is unclear', [told('a', 'unknown')], { act: 'wait' }],
    ['waits for what is to be told', [told('a', 'pending')], { act: 'wait' }],
    ['waits for no other correction', [told('a', 'pending', '-5')], { act: 'refuse', code: 'nothing_to_correct' }],
    [
      'corrects nothing that was refused',
      [told('a', 'rejected'), told('b', 'replaced')],
      { act: 'refuse', code: 'nothing_to_correct' },
    ],
    ['corrects nothing where nothing was told', [], { act: 'refuse', code: 'nothing_to_correct' }],
  ] as const)('%s', (_name, all, plan) => {
    expect(planCorrection(all)).toEqual(plan);
    expect(planCorrection(all.toReversed())).toEqual(plan);
  });
});

describe('the name of an item at a provider', () => {
  it('tells the item and its generation, and nothing else does', () => {
    const id = fc.stringMatching(/^[0-9a-f]{32}$/).map((hex) => `uri_${hex}`);
    fc.assert(
      fc.property(id, fc.integer({ min: 1, max: 1_000 }), (item, generation) => {
        expect(itemNamed(nameThere({ id: item, generation }))).toEqual({ id: item, generation });
      }),
    );
    for (const name of [
      '',
      'uri_',
      'evt_1',
      `uri_${'a'.repeat(32)}.0`,
      `uri_${'a'.repeat(32)}.`,
      `x uri_${'a'.repeat(32)}`,
    ])
      expect(itemNamed(name)).toBeNull();
  });
});
