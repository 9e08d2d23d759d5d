import { findUnwatchedRollouts } from '../../db/queries/rollouts.ts';
import { rolloutStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** One that is held is looked at every five minutes. */
const quietMs = 900_000;

/**
 * Starts the watch over rollouts whose API process died between the row and the start, and over those whose workflow was
 * lost: a rollout that nobody looks at would lead customers on to a provider that fails.
 *
 * @returns how many it started.
 */
export async function sweepRollouts(deps: RelayDeps): Promise<number> {
  const rows = await findUnwatchedRollouts(deps.em(), {
    beganBefore: forgottenBefore(),
    seenBefore: new Date(Date.now() - quietMs),
  });
  return startEach(
    deps,
    rows.map((row) => ({ name: 'rollout', ...rolloutStart(row) })),
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten rollouts' },
  );
}
