import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import { applyCheckoutTruth } from './apply-checkout-truth.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { lookUnlessOpen } from './look-unless-open.ts';
import { accountOf } from './provider-account.ts';
import { readInvoiceLines } from './read-invoice-lines.ts';
import { readMoneyBack } from './read-money-back.ts';

export interface SettledCheckout {
  readonly status: CheckoutStatus;
  readonly subscriptionId: string | null;
  readonly endsAt: string | null;
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
      const { projectId, live, provider } = row;
      const { providerCheckoutId } = row;
      const read = await lookUnlessOpen(deps, { projectId, live, provider }, () =>
        client.checkouts.get(providerCheckoutId),
      );
      const payments = read?.payment ? [read.payment] : [];
      const owner = { projectId, live, provider };
      const [invoice = null] = await readInvoiceLines(em.fork(), client, owner, read?.invoice ? [read.invoice] : []);
      const truth = read && { ...read, invoice };
      const back = await readMoneyBack(em.fork(), client, owner, payments, ref.disputeIds ?? []);
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
    subscriptionId: row.subscriptionId,
    endsAt: row.expiresAt?.toISOString() ?? null,
    because,
  };
}
