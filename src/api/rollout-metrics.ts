import { countArms, type ArmCount } from '../db/queries/rollout-counts.ts';
import { createDatabaseGauges, owner, ownerLabels, type GaugeDeps } from './database-gauges.ts';

const arms = ['control', 'treatment'] as const;
const outcomes = ['succeeded', 'failed', 'unknown'] as const;

/** How far the rollouts that decide now are, and whether somebody watches them. */
export function addRolloutMetrics(deps: GaugeDeps): void {
  const gauges = createDatabaseGauges(deps, {
    ...{ what: 'rollouts', ttlMs: 15_000, whenAway: 'none' },
    read: countArms,
  });
  gauges.add(
    {
      name: 'billing_rollout_stage',
      help: 'The stage a rollout is in, counted from 0.',
      labelNames: [...owner, 'rollout', 'status'],
    },
    (rollouts) => rollouts.map((each) => [each.stage, { ...labelsOf(each), status: each.status }]),
  );
  gauges.add(
    {
      name: 'billing_rollout_last_look_age_seconds',
      help: 'Time since a rollout that is not over was looked at: minutes, or nobody watches it.',
      labelNames: [...owner, 'rollout'],
    },
    (rollouts) =>
      rollouts
        .filter(({ status }) => status !== 'rolled_back')
        .map((each) => [(Date.now() - each.seenAt.getTime()) / 1_000, labelsOf(each)]),
  );
  gauges.add(
    {
      name: 'billing_rollout_customers',
      help: 'Organizations in an arm, by the outcome of their first checkout.',
      labelNames: [...owner, 'rollout', 'arm', 'outcome'],
    },
    (rollouts) =>
      rollouts.flatMap((each) =>
        arms.flatMap((arm) =>
          outcomes.map((outcome) => [each[arm][outcome], { ...labelsOf(each), arm, outcome }] as const),
        ),
      ),
  );
}

function labelsOf(rollout: ArmCount) {
  return { ...ownerLabels(rollout), rollout: rollout.id };
}
