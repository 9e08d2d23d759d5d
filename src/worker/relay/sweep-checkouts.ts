import { CheckoutEntity } from '../../db/entities/checkout.ts';
import { checkoutStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** Starts the workflow of checkouts whose API process died between the row and the start. @returns how many it started. */
export async function sweepCheckouts(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      CheckoutEntity,
      { status: 'creating', createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  return startEach(
    deps,
    rows.map((row) => ({ name: 'checkout', ...checkoutStart(row) })),
    { reuse: 'REJECT_DUPLICATE', message: 'started forgotten checkouts' },
  );
}
