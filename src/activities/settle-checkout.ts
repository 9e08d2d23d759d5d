import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import { applyCheckoutTruth } from './apply-checkout-truth.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { lookUnlessOpen } from './look-unless-open.ts';
import { accountOf } from './provider-account.ts';
import { readCheckoutTruth } from './read-checkout-truth.ts';

export interface SettledCheckout {
  readonly status: CheckoutStatus;
  /** Whose session it stands for; another than before when that one was paid. */
  readonly provider: string | null;
  readonly subscriptionId: string | null;
  readonly endsAt: string | null;
  /** Left behind although it may still be paid: somebody must watch it at these providers. */
  readonly strays?: readonly string[];
  /** One clause for the story: what the provider said. */
  readonly because: string;
}

export interface SettleCheckoutInput extends CheckoutRef {
  /** Disputes that webhooks named. */
  readonly disputeIds?: readonly string[];
}

/** Reads the provider's truth and writes what follows from it. Safe to repeat: the same truth twice changes nothing. */
export function createSettleCheckout(deps: ActivityDeps) {
  return function settleCheckout(ref: SettleCheckoutInput): Promise<SettledCheckout> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(CheckoutEntity, { id: ref.checkoutId, projectId: ref.projectId });
      if (row.provider === null || row.providerCheckoutId === null) return asSettled(row, 'no provider is involved');
      const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
      const { projectId, live, provider, providerCheckoutId } = row;
      const owner = { projectId, live, provider };
      const { truth, back } = await readCheckoutTruth(
        em,
        client,
        owner,
        providerCheckoutId,
        ref.disputeIds ?? [],
        (look) => lookUnlessOpen(deps, owner, look),
      );
      return asSettled(
        await applyCheckoutTruth(em.fork(), row, truth, { back }),
        `the provider says ${truth?.state ?? 'nothing'}`,
      );
    });
  };
}

export function asSettled(row: Checkout, because: string): SettledCheckout {
  return {
    status: row.status,
    provider: row.provider,
    subscriptionId: row.subscriptionId,
    endsAt: row.expiresAt?.toISOString() ?? null,
    because,
  };
}
