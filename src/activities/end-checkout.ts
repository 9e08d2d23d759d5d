import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { Db } from '../db/orm.ts';
import { keepStray } from '../db/queries/stray-sessions.ts';
import { isPayable } from '../domain/checkout/stray.ts';
import { isSettled } from '../domain/checkout/transition.ts';
import { applyCheckoutTruth } from './apply-checkout-truth.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { accountOf } from './provider-account.ts';
import { asSettled, type SettledCheckout } from './settle-checkout.ts';

const dayMs = 86_400_000;

/** Closed here, but its page was handed out and cannot be ended there: whoever pays it yet gets what it was for. */
async function watch(tx: Db, row: Checkout): Promise<void> {
  const { projectId, live, id: checkoutId, provider, providerCheckoutId } = row;
  if (provider === null) return;
  const why = 'closed here, and still payable there';
  await keepStray(
    tx,
    { projectId, live, checkoutId, provider },
    { providerCheckoutId, status: 'unknown', resolvedAt: null, why },
  );
}

/**
 * Ends an unpaid checkout: look, end it at the provider where it can be ended, look again, close ours. Money that
 * arrived in between is honoured; money still on its way keeps it `pending` and is looked at again in a day. An unclear
 * answer to the ending is no answer: the next try asks first how it stands.
 */
export function createEndCheckout(deps: ActivityDeps) {
  return function endCheckout(input: CheckoutRef & { readonly to: 'expired' | 'canceled' }): Promise<SettledCheckout> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(CheckoutEntity, { id: input.checkoutId, projectId: input.projectId });
      if (isSettled(row.status)) return asSettled(row, 'it had ended before');
      if (row.provider === null || row.providerCheckoutId === null) {
        return asSettled(
          await applyCheckoutTruth(em.fork(), row, null, { closing: input.to }),
          'no provider is involved',
        );
      }
      const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
      const { checkouts } = client;
      const providerCheckoutId = row.providerCheckoutId;
      let truth = await checkouts.get(providerCheckoutId);
      if (truth?.state === 'open' || truth?.state === 'pending') {
        const idempotencyKey = callKey({
          ...row,
          operation: 'checkouts.end',
          businessId: row.id,
          provider: row.provider,
          generation: row.version,
        });
        await checkouts.end?.({ providerCheckoutId, idempotencyKey });
        truth = await checkouts.get(providerCheckoutId);
      }
      const isLeft = input.to === 'canceled' && isPayable(truth);
      const ended = await applyCheckoutTruth(em.fork(), row, truth, {
        closing: input.to,
        within: async (tx, { status }) => {
          if (isLeft && status === input.to) await watch(tx, row);
        },
      });
      const settled = asSettled(ended, `ended; the provider says ${truth?.state ?? 'nothing'}`);
      if (!isSettled(ended.status)) return { ...settled, endsAt: new Date(Date.now() + dayMs).toISOString() };
      return isLeft && ended.status === input.to ? { ...settled, strays: [row.provider] } : settled;
    });
  };
}
