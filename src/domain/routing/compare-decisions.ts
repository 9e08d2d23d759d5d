import type { ProviderAbilities } from './abilities.ts';
import type { CompiledPolicy } from './compile-policy.ts';
import { attemptsOf, route, type ProviderFacts, type RouteQuestion } from './route.ts';

/** A decision as it was made. */
export interface PastDecision {
  readonly checkoutId: string;
  readonly rule: string;
  /** The first provider that was asked; null: none was. */
  readonly provider: string | null;
  /** null: nothing was asked, for nothing was due, or before questions were kept. */
  readonly asked: RouteQuestion | null;
}

interface Side {
  readonly provider: string | null;
  readonly rule: string;
}

/** Decisions that would go the same way: from one provider and rule to another. */
export interface DecisionShift {
  readonly from: Side;
  readonly to: Side;
  /** The provider would be another. */
  readonly isMoved: boolean;
  readonly count: number;
  /** Of all that were asked again, 0–1. */
  readonly share: number;
  /** Sums in minor units, by currency. */
  readonly amounts: Readonly<Record<string, number>>;
  /** Some of their checkouts, newest first. */
  readonly examples: readonly string[];
}

export interface DecisionComparison {
  readonly compared: number;
  /** They cannot be asked again. */
  readonly unasked: number;
  /** The provider would be another. */
  readonly moved: number;
  /** Among `moved`: nobody would serve them. */
  readonly unserved: number;
  /** The most frequent first, moved ones before others. */
  readonly shifts: readonly DecisionShift[];
}

interface Count {
  readonly from: Side;
  readonly to: Side;
  count: number;
  readonly amounts: Record<string, number>;
  readonly examples: string[];
}

const mostExamples = 5;

/**
 * Asks another policy what was asked before, with each provider as it was then, and its abilities of today.
 *
 * @returns `add` takes decisions in any number of portions, newest first.
 */
export function compareDecisions(
  policy: CompiledPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): { readonly add: (decisions: readonly PastDecision[]) => void; readonly result: () => DecisionComparison } {
  const counts = new Map<string, Count>();
  let compared = 0;
  let unasked = 0;

  function add({ asked, checkoutId, provider, rule }: PastDecision): void {
    if (asked === null) {
      unasked += 1;
      return;
    }
    compared += 1;
    const decision = route(asked.request, policy, factsOf(asked, abilities));
    const to = { provider: attemptsOf(decision)[0] ?? null, rule: decision.rule };
    const key = JSON.stringify([provider, rule, to.provider, to.rule]);
    const entry = counts.get(key) ?? { from: { provider, rule }, to, count: 0, amounts: {}, examples: [] };
    counts.set(key, entry);
    entry.count += 1;
    const { amount } = asked.request;
    if (amount) entry.amounts[amount.currency] = (entry.amounts[amount.currency] ?? 0) + amount.amountMinor;
    if (entry.examples.length < mostExamples) entry.examples.push(checkoutId);
  }

  return {
    add: (decisions) => {
      for (const decision of decisions) add(decision);
    },
    result() {
      const shifts = [...counts.values()].map((entry) => ({
        ...entry,
        isMoved: entry.from.provider !== entry.to.provider,
        share: entry.count / compared,
      }));
      const moved = shifts.filter(({ isMoved }) => isMoved);
      return {
        compared,
        unasked,
        moved: total(moved),
        unserved: total(moved.filter(({ to }) => to.provider === null)),
        shifts: shifts.sort((a, b) => Number(b.isMoved) - Number(a.isMoved) || b.count - a.count),
      };
    },
  };
}

/** Providers that came since then, or that are gone, count as not configured. */
function factsOf(
  { providers }: RouteQuestion,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): Readonly<Record<string, ProviderFacts>> {
  const facts: Record<string, ProviderFacts> = {};
  for (const [id, known] of Object.entries(providers)) {
    const able = abilities[id];
    if (able) facts[id] = { ...known, abilities: able };
  }
  return facts;
}

function total(shifts: readonly { readonly count: number }[]): number {
  return shifts.reduce((sum, { count }) => sum + count, 0);
}
