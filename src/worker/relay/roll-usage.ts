import { rollUsage, type Rolled } from '../../db/queries/roll-usage.ts';
import type { RelayDeps } from './deliver-events.ts';

/**
 * Counts accepted usage into the rollups, one chunk per call. Several relays may call it: one counts, the others pass.
 *
 * @returns whether there is more to count at once.
 */
export async function rollOnce(deps: Pick<RelayDeps, 'em' | 'logger'>): Promise<boolean> {
  const rolled: Rolled = await rollUsage(deps.em());
  if (rolled === 'rebased')
    deps.logger.warn(
      'usage was restored from another database cluster: its order was written anew, see docs/meters.md',
    );
  return rolled === 'more' || rolled === 'rebased';
}
