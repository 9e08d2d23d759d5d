import { takeWaitingGrants } from '../../db/queries/benefit-grants.ts';
import { grantStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { startEach } from './start-each.ts';

/** Its workflow has started, or looked again, by then. One that waits for its customer is asked about this often. */
const leftAfterMs = 60_000;

/**
 * Starts the workflow of grants that nobody carries out: planned for many at once, or by a process that died, or left by
 * a workflow that was ended by hand. @returns how many it started.
 */
export async function sweepGrants(deps: RelayDeps): Promise<number> {
  const before = new Date(Date.now() - leftAfterMs);
  const grants = await takeWaitingGrants(deps.em(), { before, limit: 200 });
  return startEach(deps, grants.map(grantStart), {
    reuse: 'ALLOW_DUPLICATE',
    message: 'started grants that were left behind',
  });
}
