import { PaymentMethodEntity } from '../../db/entities/payment-method.ts';
import { attachStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** Starts the attaching of payment methods whose API process died between the row and the start. @returns how many. */
export async function sweepPaymentMethods(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      PaymentMethodEntity,
      { status: 'attaching', providerCustomerId: null, createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  return startEach(deps, rows.map(attachStart), {
    reuse: 'REJECT_DUPLICATE',
    message: 'started forgotten payment methods',
  });
}
