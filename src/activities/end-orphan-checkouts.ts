import { CheckoutEntity } from '../db/entities/checkout.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';
import { accountOf } from './provider-account.ts';

/**
 * Looks for sessions a provider may have opened before its answer was lost, and ends them. Nobody has their URL, so
 * this is tidiness, not safety: where a provider cannot search or end, they lapse by themselves.
 */
export function createEndOrphanCheckouts(deps: ActivityDeps) {
  return async function endOrphanCheckouts(
    input: CheckoutRef & { readonly provider: string },
  ): Promise<{ readonly ended: number }> {
    const em = deps.orm.em.fork();
    const row = await em.findOneOrFail(CheckoutEntity, { id: input.checkoutId, projectId: input.projectId });
    const { client } = await accountOf(deps, row.projectId, row.live, input.provider);
    const { checkouts } = client;
    if (!checkouts.find || !checkouts.end) return { ended: 0 };
    const found = await checkouts.find({
      checkoutId: row.id,
      organizationId: row.organizationId,
      createdAfter: row.createdAt.toISOString(),
    });
    let ended = 0;
    for (const { providerCheckoutId } of found) {
      if (row.provider === input.provider && row.providerCheckoutId === providerCheckoutId) continue;
      const idempotencyKey = callKey({
        projectId: row.projectId,
        operation: 'checkouts.end',
        businessId: providerCheckoutId,
        provider: input.provider,
      });
      if ((await checkouts.end({ providerCheckoutId, idempotencyKey })) === 'ended') ended += 1;
    }
    return { ended };
  };
}
