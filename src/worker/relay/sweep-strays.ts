import { CheckoutEntity } from '../../db/entities/checkout.ts';
import { StraySessionEntity } from '../../db/entities/routing.ts';
import { strayStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { startEach } from './start-each.ts';

/** Each look touches the row, and looks come at least once an hour. */
const untouchedForMs = 2 * 3_600_000;

/** The first look comes seconds after the row: one that never came was forgotten by a worker that died. */
const neverLookedForMs = 60_000;

/** Starts whoever looks after sessions that nobody has looked at for long. @returns how many it started. */
export async function sweepStrays(deps: RelayDeps): Promise<number> {
  const em = deps.em();
  const rows = await em.find(
    StraySessionEntity,
    {
      status: 'unknown',
      $or: [
        { updatedAt: { $lt: new Date(Date.now() - untouchedForMs) } },
        { why: null, updatedAt: { $lt: new Date(Date.now() - neverLookedForMs) } },
      ],
    },
    { limit: 100, orderBy: { askedAt: 'asc' } },
  );
  if (rows.length === 0) return 0;
  const checkouts = await em.find(CheckoutEntity, { id: { $in: rows.map(({ checkoutId }) => checkoutId) } });
  const starts = rows.flatMap(({ checkoutId, provider }) => {
    const checkout = checkouts.find(({ id }) => id === checkoutId);
    return checkout ? [{ name: 'resolveStray', ...strayStart({ ...checkout, checkoutId, provider }) }] : [];
  });
  return startEach(deps, starts, { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten stray sessions' });
}
