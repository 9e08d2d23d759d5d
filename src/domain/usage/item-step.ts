import { isSummed } from './biller.ts';
import { agrees, plus, signOf } from './decimal.ts';
import { hourMs, type Aggregation } from './meter.ts';
import type { UsageItemStatus } from './report.ts';

/** How a provider treats what it was told, of its adapter's `usage.limits`. */
export interface RepeatTerms {
  readonly corrections: 'negative' | 'cancel';
  /** null: for ever. */
  readonly remembersMs: number | null;
}

/** An item as far as its next step depends on it. Times in ms since 1970. */
export interface StepItem {
  readonly status: UsageItemStatus;
  readonly aggregation: Aggregation;
  readonly quantity: string;
  /** When it was first sent since it was last known not to be there. */
  readonly sentAtMs: number | null;
}

/**
 * `send`: told, or told again where that counts once. `ask`: whether it is there. `correct`: what was told is taken back
 * first. `settle`: there is nothing to tell. `leave`: it is done.
 */
export type ItemStep = 'send' | 'ask' | 'correct' | 'settle' | 'leave';

/** A repeat is on its way for a while, too. */
const memoryMarginMs = hourMs;

export function nextStep(item: StepItem, terms: RepeatTerms, nowMs: number): ItemStep {
  switch (item.status) {
    case 'reported':
    case 'rejected':
    case 'replaced':
      return 'leave';
    case 'unknown':
      return 'ask';
    case 'sending':
      return isRepeatable(item, terms, nowMs) ? 'send' : 'ask';
    case 'pending':
      return firstStep(item, terms);
  }
}

function firstStep({ aggregation, quantity }: StepItem, { corrections }: RepeatTerms): ItemStep {
  if (!isSummed(aggregation)) return 'send';
  if (signOf(quantity) === 0) return 'settle';
  return signOf(quantity) < 0 && corrections === 'cancel' ? 'correct' : 'send';
}

/** The largest, the last and the set of different values are the same however often one is told. */
function isRepeatable({ aggregation, sentAtMs }: StepItem, { remembersMs }: RepeatTerms, nowMs: number): boolean {
  if (!isSummed(aggregation) || remembersMs === null) return true;
  return sentAtMs !== null && nowMs - sentAtMs < remembersMs - memoryMarginMs;
}

/** More than so many unknown items of one hour are for a person. */
const mostUnknown = 10;

/**
 * Which of the items with unknown outcome a provider has counted, by what it says it has of their customer, meter and
 * hour. Where several answers fit, the sum is the same, so any is right.
 *
 * @param input.reported The sum of what it surely has.
 * @returns the ids that are there; null: no answer fits, and a person must look.
 */
export function settleUnknown(input: {
  readonly reported: string;
  readonly unknown: readonly { readonly id: string; readonly quantity: string }[];
  readonly theirs: string;
}): ReadonlySet<string> | null {
  const { reported, unknown, theirs } = input;
  if (unknown.length > mostUnknown) return null;
  for (let chosen = 2 ** unknown.length - 1; chosen >= 0; chosen -= 1) {
    const there = unknown.filter((_, place) => Math.floor(chosen / 2 ** place) % 2 === 1);
    const sum = there.reduce((total, { quantity }) => plus(total, quantity), reported);
    if (agrees(sum, theirs)) return new Set(there.map(({ id }) => id));
  }
  return null;
}

/** Something that was told of the same organization, meter and bucket as a correction. */
export interface Told {
  readonly id: string;
  readonly status: UsageItemStatus;
  readonly quantity: string;
  /** Newest is taken back first: it is within the provider's time most likely. */
  readonly reportedAtMs: number | null;
}

/**
 * `wait`: something of the bucket is on its way, and the correction may be about it. `cancel`: this one is taken back,
 * and its quantity goes into the correction, which is told as a whole.
 */
export type CorrectionPlan =
  | { readonly act: 'wait' }
  | { readonly act: 'cancel'; readonly id: string }
  | { readonly act: 'refuse'; readonly code: 'nothing_to_correct' };

/** @param told Everything else of the bucket that is positive or was told, in any order. */
export function planCorrection(told: readonly Told[]): CorrectionPlan {
  const there = told.filter(({ status, quantity }) => status === 'reported' && signOf(quantity) > 0);
  const newest = there.toSorted((a, b) => (b.reportedAtMs ?? 0) - (a.reportedAtMs ?? 0) || (a.id < b.id ? 1 : -1))[0];
  if (newest) return { act: 'cancel', id: newest.id };
  const isUnderWay = told.some(
    ({ status, quantity }) =>
      status === 'sending' || status === 'unknown' || (status === 'pending' && signOf(quantity) > 0),
  );
  return isUnderWay ? { act: 'wait' } : { act: 'refuse', code: 'nothing_to_correct' };
}

/** The name under which a provider is told of an item: a new one once the last is spent on an event that it refused. */
export function nameThere({ id, generation }: { readonly id: string; readonly generation: number }): string {
  return generation === 1 ? id : `${id}.${generation}`;
}

/** The item and the generation that a name tells; null: not a name of ours. */
export function itemNamed(name: string): { readonly id: string; readonly generation: number } | null {
  const match = /^(uri_[0-9a-f]{32})(?:\.([1-9]\d{0,6}))?$/.exec(name);
  const [, id, generation = '1'] = match ?? [];
  return id === undefined ? null : { id, generation: Number(generation) };
}
