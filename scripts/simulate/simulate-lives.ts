import { createChance } from './chance.ts';
import { liveCollected } from './collected-life.ts';
import { Broken, rules, yearMs, type Rules } from './rules.ts';
import { livePaidByVoucher } from './voucher-paid-life.ts';

export interface Simulated {
  readonly lives: number;
  readonly years: number;
  /** The first life that broke an invariant; null: all held. */
  readonly broken: { readonly life: number; readonly invariant: string; readonly detail: string } | null;
}

const firstDayMs = Date.parse('2020-01-01T00:00:00.000Z');

/**
 * Plays lives until they have lasted so many years, or one breaks an invariant. The seed decides everything.
 *
 * @param input.every Of this many players, this one takes every so-manieth life; default: all.
 * @param input.told Told of the years played so far, some times a second.
 */
export function simulateLives(input: {
  readonly seed: number;
  readonly years: number;
  readonly rules?: Rules;
  readonly first?: number;
  readonly every?: number;
  readonly told?: (years: number) => void;
}): Simulated {
  const { seed, first = 0, every = 1, told } = input;
  let [years, lives] = [0, 0];
  for (let life = first; years < input.years; life += every) {
    try {
      years += live(seed, life, input.rules ?? rules);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return { lives, years, broken: { life, invariant: error.invariant, detail: error.message } };
    }
    lives += 1;
    if (lives % 100 === 0) told?.(years);
  }
  return { lives, years, broken: null };
}

/** One in four is paid by voucher. */
function live(seed: number, life: number, played: Rules): number {
  const chance = createChance(seed, life);
  const startMs = firstDayMs + Math.floor(chance.between(0, 10 * yearMs));
  return life % 4 === 3 ? livePaidByVoucher(played, chance, startMs) : liveCollected(played, chance, startMs);
}
