import { ripeAfterMinutes } from './cohort.ts';
import type { RolloutSettings } from './rollout.ts';

const dayMinutes = 24 * 60;

/**
 * How old an assignment must be before its outcome counts. Whoever asks for stages shorter than a day wants to hear of
 * their own customers before they end: those count after as long as a stage lasts, whichever arm tells sooner.
 */
export function ripeMinutesOf({ stageMinutes }: Pick<RolloutSettings, 'stageMinutes'>): number {
  return stageMinutes >= dayMinutes ? ripeAfterMinutes : stageMinutes;
}
