import type { RolloutStage } from './rollout.ts';

/** Who is in the treatment arm, in words. */
export function describeTreated(stage: RolloutStage): string {
  switch (stage.kind) {
    case 'percent':
      return `${stage.percent} % of new customers`;
    case 'first':
      return `the first ${stage.customers} new customers`;
    case 'organizations':
      return `${stage.organizations.length} named organizations`;
  }
}

/** Where a rollout stands, for people: `10 % of new customers (stage 2 of 4)`. */
export function describePlace(stages: readonly RolloutStage[], stage: number): string {
  const now = stages[stage];
  return `${now === undefined ? 'an unknown stage' : describeTreated(now)} (stage ${stage + 1} of ${stages.length})`;
}
