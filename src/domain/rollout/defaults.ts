import type { RolloutSettings } from './rollout.ts';

/** What a rollout is held to unless its operator says otherwise; docs/rollouts.md has the error rates that follow. */
export const defaultRolloutSettings: RolloutSettings = {
  stages: [1, 10, 50, 100].map((percent) => ({ kind: 'percent', percent })),
  minSamples: 50,
  stageMinutes: 24 * 60,
  alpha: 0.05,
  margin: 0.02,
  maxErrorRate: 0.2,
  maxWebhookDelayMs: 5 * 60_000,
  keepsLegacyFallback: true,
};
