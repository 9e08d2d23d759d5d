import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLate, join, type Observation } from '../../../src/domain/subscription/observation.ts';
import { subscriptionStatuses, transitions } from '../../../src/domain/subscription/states.ts';
import { isOver, transitionOf } from '../../../src/domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../../../src/domain/subscription/truth.ts';

const statuses = fc.constantFrom(...subscriptionStatuses);
const dayMs = 86_400_000;
const at = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * dayMs).toISOString();
const observation = fc.record({ at: fc.nat(20).map(at), status: statuses });
const joined = (facts: readonly Observation[]) => facts.reduce(join);

/** Rows: from. Columns in the order of `subscriptionStatuses`. Each: what the app is told, in short. */
const told: Readonly<Record<SubscriptionStatus, string>> = {
  incomplete: '- activated activated past_due paused canceled expired',
  trialing: 'updated - activated past_due paused canceled expired',
  active: 'updated updated - past_due paused canceled expired',
  past_due: 'updated recovered recovered - paused canceled expired',
  paused: 'updated resumed resumed past_due - canceled expired',
  canceled: '- - - - - - -',
  expired: '- - - - - - -',
};
const every = subscriptionStatuses.flatMap((from) =>
  subscriptionStatuses.map((seen, column) => ({ from, seen, event: told[from].split(' ')[column] })),
);

describe('the table of a subscription’s states', () => {
  it.each(every)('$from, seen $seen, tells: $event', ({ from, seen, event }) => {
    const { to, events, effects } = transitions[from][seen];
    expect(to).toBe(isOver(from) ? from : seen);
    expect(events).toEqual(event === '-' ? [] : [`subscription.${event}`]);
    const ends = isOver(to) && !isOver(from);
    expect(effects).toEqual([
      ...(from === 'past_due' && to !== 'past_due' ? ['close_grace'] : []),
      ...(from !== 'past_due' && to === 'past_due' ? ['open_grace'] : []),
      ...(ends ? ['withdraw_changes'] : []),
    ]);
  });

  it('changes nothing when the same status is seen again', () => {
    fc.assert(
      fc.property(statuses, statuses, (from, seen) => {
        const once = transitionOf(from, seen).to;
        expect(transitionOf(once, seen)).toMatchObject({ to: once, events: [], effects: [] });
      }),
    );
  });

  it('never leaves an end', () => {
    fc.assert(
      fc.property(fc.constantFrom<SubscriptionStatus>('canceled', 'expired'), fc.array(statuses), (end, later) => {
        const last = later.reduce<SubscriptionStatus>((status, seen) => transitionOf(status, seen).to, end);
        expect(last).toBe(end);
      }),
    );
  });
});

describe('observations', () => {
  it('end the same in any order and however often they are repeated', () => {
    const twice = fc.array(observation, { minLength: 1, maxLength: 12 }).chain((facts) => {
      const all = [...facts, ...facts];
      return fc.tuple(fc.constant(facts), fc.shuffledSubarray(all, { minLength: all.length }));
    });
    fc.assert(
      fc.property(twice, ([facts, repeated]) => {
        expect(joined(repeated)).toEqual(joined(facts));
      }),
    );
  });

  it('join: commutative, associative, idempotent', () => {
    fc.assert(
      fc.property(observation, observation, observation, (a, b, c) => {
        expect(join(a, b)).toEqual(join(b, a));
        expect(join(a, join(b, c))).toEqual(join(join(a, b), c));
        expect(join(a, a)).toEqual(a);
      }),
    );
  });

  it('come to what the table comes to when they arrive in their order', () => {
    const inOrder = fc.uniqueArray(observation, { selector: (fact) => fact.at, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(inOrder, (facts) => {
        const sorted = facts.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
        const [first, ...rest] = sorted;
        const last = rest.reduce((status, fact) => transitionOf(status, fact.status).to, first?.status ?? 'incomplete');
        expect(joined(facts).status).toBe(last);
      }),
    );
  });

  it('end equal in every order of: created, paid, updated, canceled, refunded', () => {
    const facts: readonly Observation[] = [
      { at: at(0), status: 'incomplete' }, // created
      { at: at(1), status: 'active' }, // paid
      { at: at(2), status: 'past_due' }, // updated
      { at: at(3), status: 'canceled' },
      { at: at(4), status: 'active' }, // refunded: some providers still show what was
    ];
    const orders = permutations(facts);
    expect(orders).toHaveLength(120);
    for (const order of orders) expect(joined(order)).toEqual({ at: at(3), status: 'canceled' });
  });

  it('resurrect nothing three days after the end', () => {
    const end = { at: at(3), status: 'canceled' } as const;
    for (const status of subscriptionStatuses) {
      const late = { at: at(6), status };
      expect(isOver(join(end, late).status)).toBe(true);
      expect(transitionOf('canceled', status)).toMatchObject({ to: 'canceled', events: [] });
    }
  });

  it('are late when something newer is known, unless they tell of an end', () => {
    const known = { at: at(3), status: 'active' } as const;
    expect(isLate(known, { at: at(2), status: 'past_due' })).toBe(true);
    expect(isLate(known, { at: at(2), status: 'canceled' })).toBe(false);
    expect(isLate(known, { at: at(3), status: 'trialing' })).toBe(false);
    expect(isLate({ at: at(3), status: 'canceled' }, { at: at(2), status: 'active' })).toBe(false);
  });
});

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
