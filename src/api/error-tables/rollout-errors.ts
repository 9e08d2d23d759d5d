import type { ErrorPage } from './error-page.ts';

/** Codes of rollouts. */
export const rolloutErrors = {
  rollout_not_found: {
    kind: 'not_found',
    title: 'No such rollout',
    meaning: 'No rollout with this id exists in the project and mode of the key.',
    fix: 'List them with `GET /api/v1/ops/rollouts`.',
  },
  rollout_running: {
    kind: 'conflict',
    title: 'Another rollout decides',
    meaning: 'One rollout at a time decides about a plan’s new customers. `rollout_id` names it.',
    fix: 'Promote it to its end or roll it back first.',
  },
  rollout_over: {
    kind: 'conflict',
    title: 'The rollout is over',
    meaning: 'It is completed or rolled back: nothing steers it any more. `status` says which.',
    fix: 'Start another one: it decides from then on, also after one that was rolled back.',
  },
  rollout_not_routed: {
    kind: 'invalid',
    title: 'The policy never chooses that provider',
    meaning: 'A rollout divides those whom the routing policy sends to `to`. The policy in force sends nobody there.',
    fix: 'Activate a policy that names the provider, or mend `to`.',
  },
  rollout_stage_invalid: {
    kind: 'invalid',
    title: 'The stages cannot be walked',
    meaning: 'Percentages and numbers of first customers must rise from stage to stage, and a stage must exist.',
    fix: 'Mend the field that is named.',
  },
} as const satisfies Record<string, ErrorPage>;
