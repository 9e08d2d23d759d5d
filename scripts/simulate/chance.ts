import { createRandom } from '../../bench/load/random.ts';
import type { LifecyclePolicy } from '../../src/domain/subscription/lifecycle-policy.ts';

/** Random choices that a seed decides. */
export interface Chance {
  /** True this often, 0–1. */
  of(probability: number): boolean;
  /** From `least` up to `most`. */
  between(least: number, most: number): number;
  oneOf<T>(choices: readonly [T, ...T[]]): T;
}

/** Every life has numbers of its own, so that one can be played again without those before it. */
export function createChance(seed: number, life: number): Chance {
  const random = createRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(life + 1, 0xc2b2ae35));
  return {
    of: (probability) => random() < probability,
    between: (least, most) => least + random() * (most - least),
    oneOf: (choices) => choices[Math.floor(random() * choices.length)] ?? choices[0],
  };
}

/** Any policy that a project may set. */
export function anyPolicy(chance: Chance): LifecyclePolicy {
  return {
    trialNoticeDays: chance.oneOf([0, 1, 3, 7]),
    graceDays: chance.oneOf([1, 7, 14, 21]),
    reminderDays: chance.oneOf([[], [0], [0, 3, 7, 12], [1, 2, 20]]),
    pastDueAccess: chance.oneOf(['keep', 'revoke']),
    disputeAccess: chance.oneOf(['keep', 'revoke']),
    voucherLeadDays: chance.oneOf([0, 2, 5, 10]),
  };
}
