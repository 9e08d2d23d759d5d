import { createRandom } from '../load/random.ts';
import { retell, type Sequence, type StormEvent } from './events.ts';

export interface PaidCheckout {
  readonly provider: string;
  readonly checkoutId: string;
  readonly providerCheckoutId: string;
}

export interface Storm {
  readonly events: readonly StormEvent[];
  readonly uniqueEventIds: readonly string[];
  /** How many of each sort, for the report. */
  readonly mix: Readonly<Record<string, number>>;
}

const duplicateShare = 0.05;
const foreignShare = 0.02;

/**
 * A busy account's webhooks: of every paid checkout its provider's whole sequence; some messages twice; a few decisive
 * ones about things that are not ours; the rest the undecisive ones that providers send of everything else.
 */
export function buildStorm(input: {
  readonly sequences: readonly Sequence[];
  readonly decisiveTypes: ReadonlySet<string>;
  readonly paid: readonly PaidCheckout[];
  readonly count: number;
  readonly seed: number;
}): Storm {
  const { sequences, decisiveTypes, paid, count, seed } = input;
  const random = createRandom(seed);
  const salt = () => String(random());
  const stranger = () => ({ checkoutId: 'chk_elsewhere', providerCheckoutId: null, salt: salt() });
  const ours = paid.flatMap((about) => {
    const sequence = sequences.find(({ provider }) => provider === about.provider);
    const own = { ...about, salt: salt() };
    return (sequence?.messages ?? []).map((message) => retell(sequence as Sequence, message, own));
  });
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const of = (isDecisive: boolean) =>
    sequences.flatMap((sequence) =>
      sequence.messages
        .filter(({ type }) => decisiveTypes.has(type) === isDecisive)
        .map((message) => ({ sequence, message })),
    );
  const strange = (choices: ReturnType<typeof of>) => {
    const { sequence, message } = pick(choices);
    return retell(sequence, message, stranger());
  };
  const foreignCount = Math.round(count * foreignShare);
  const duplicateCount = Math.round(count * duplicateShare);
  const foreign = Array.from({ length: foreignCount }, () => strange(of(true)));
  const restCount = Math.max(0, count - ours.length - foreignCount - duplicateCount);
  const rest = Array.from({ length: restCount }, () => strange(of(false)));
  const unique = [...ours, ...foreign, ...rest];
  const duplicates = Array.from({ length: duplicateCount }, () => pick(unique));
  return {
    events: shuffled([...unique, ...duplicates], random),
    uniqueEventIds: unique.map(({ eventId }) => eventId),
    mix: {
      ofPaidCheckouts: ours.length,
      undecisive: rest.length,
      decisiveButNotOurs: foreignCount,
      duplicates: duplicateCount,
    },
  };
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
