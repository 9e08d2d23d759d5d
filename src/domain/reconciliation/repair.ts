import type { ReviewKind } from '../review.ts';
import type { DifferenceKind } from './difference.ts';

/** Waits between looks at what was set going. After the last, a person is asked. */
export const repairGapsMs = [5_000, 15_000, 60_000, 300_000] as const;

/** What the provider's truth settles: our workflows read it and write what follows. The rest moves or names money. */
const settledByTruth: ReadonlySet<DifferenceKind> = new Set(['missing_here', 'state', 'period']);

const askedAs: Readonly<Record<DifferenceKind, ReviewKind>> = {
  missing_here: 'books_differ',
  missing_there: 'missing_there',
  amount: 'books_differ',
  state: 'books_differ',
  period: 'books_differ',
  customer: 'books_differ',
  duplicate_charge: 'charged_twice',
  orphan_charge: 'orphan_charge',
};

/**
 * What to do about a difference that was looked at once more.
 *
 * @param input.isStill Whether both sides still differ.
 * @param input.hasTarget Whether a workflow of ours could settle it.
 * @param input.looks How often its workflow was asked already.
 * @returns `nudge`: have its workflow read the provider; `queue`: a person decides.
 */
export function planRepair(input: {
  readonly kind: DifferenceKind;
  readonly isStill: boolean;
  readonly hasTarget: boolean;
  readonly looks: number;
}): 'repaired' | 'nudge' | 'queue' {
  if (!input.isStill) return 'repaired';
  const mayTry = settledByTruth.has(input.kind) && input.hasTarget && input.looks < repairGapsMs.length;
  return mayTry ? 'nudge' : 'queue';
}

/** How a person is asked about it. */
export function reviewKindOf(kind: DifferenceKind): ReviewKind {
  return askedAs[kind];
}
