import type { Invoice } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { findChargedPrice } from '../db/queries/charged-price.ts';
import type { Surroundings } from '../db/queries/subscription-surroundings.ts';
import { isLate } from '../domain/subscription/observation.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { changeSubscription, enterStatus } from './change-subscription.ts';
import { RowMoved, touchIfChanged } from './keep-in-step.ts';
import { keepOurSchedule } from './keep-our-schedule.ts';
import type { SubscriptionNews } from './note-subscription.ts';
import {
  findKnownMoney,
  recordInvoice,
  recordMoneyBack,
  recordPayment,
  type MoneyBack,
  type MoneyOwner,
} from './record-money.ts';
import { subscriptionColumns } from './subscription-columns.ts';

/**
 * Writes what a provider said of a subscription in one transaction: status, dates, plan, grace, invoices, payments,
 * audit, events, entitlement. The same truth twice changes nothing, a late one is not believed over a newer, and
 * nothing reopens an ended one.
 *
 * @param read The row as it was before the provider was asked; if it has moved since, nothing is written.
 * @param more.askedAt When the provider was asked; default: now.
 * @param more.within What else changes in the same transaction, after the truth is in the row.
 * @throws {RowMoved} read again, ask again
 */
export function applySubscriptionTruth(
  em: Db,
  read: Subscription,
  truth: SubscriptionTruth,
  more: {
    readonly back?: MoneyBack;
    readonly actor?: string;
    readonly askedAt?: Date;
    readonly within?: (tx: Db, row: Subscription) => Promise<readonly SubscriptionNews[]>;
  } = {},
): Promise<Subscription> {
  const askedAt = more.askedAt ?? new Date();
  return changeSubscription(
    em,
    read,
    async (tx, row, policy, around) => {
      refuseLate(row, truth, askedAt);
      if (!isOver(row.status)) {
        forgetNotice(row, truth);
        tx.assign(row, { ...subscriptionColumns(truth), ...(await chargedOffer(tx, row, truth, around)) });
        enterStatus(row, truth.status, policy);
        if (around.hasOpenChanges) await keepOurSchedule(tx, row);
        // Before its money is flushed: one update of the row instead of two.
        if (touchIfChanged(tx, row)) row.observedAt = askedAt;
      }
      const { back = { refunds: [], disputes: [] } } = more;
      await recordMoney(tx, row, truth, back);
      const news = await more.within?.(tx, row);
      return {
        detail: `${row.provider ?? 'no provider'} says ${truth.status}`,
        ...(news && { news }),
        observedAt: askedAt,
        isAlone: more.within === undefined && back.disputes.length === 0,
      };
    },
    more.actor,
  );
}

/** Two may ask at once, and the one that asked first may be answered last. */
function refuseLate(row: Subscription, truth: SubscriptionTruth, askedAt: Date): void {
  if (row.observedAt === null) return;
  const known = { at: row.observedAt.toISOString(), status: row.status };
  if (isLate(known, { at: askedAt.toISOString(), status: truth.status })) throw new RowMoved();
}

/** A trial that was prolonged ends anew. */
function forgetNotice(row: Subscription, truth: SubscriptionTruth): void {
  if (row.trialEnd === null || truth.trialEnd === null) return;
  if (Date.parse(truth.trialEnd) > row.trialEnd.getTime()) row.trialNotifiedAt = null;
}

async function chargedOffer(
  tx: Db,
  row: Subscription,
  truth: SubscriptionTruth,
  { providerPriceIds }: Surroundings,
): Promise<Partial<Subscription>> {
  if (truth.price?.providerPriceId != null && providerPriceIds.includes(truth.price.providerPriceId)) return {};
  const price = await findChargedPrice(tx, row, truth.price);
  if (price === null || price.billingInterval === null) return {};
  return { planId: price.planId, priceId: price.id, billingInterval: price.billingInterval };
}

async function recordMoney(tx: Db, row: Subscription, truth: SubscriptionTruth, back: MoneyBack): Promise<void> {
  if (row.provider === null) return;
  const owner: MoneyOwner = {
    projectId: row.projectId,
    live: row.live,
    organizationId: row.organizationId,
    provider: row.provider,
    checkoutId: null,
    subscriptionId: row.id,
  };
  const known = await findKnownMoney(tx, owner, truth);
  const invoices = new Map<string, Invoice>();
  for (const invoice of truth.invoices) {
    const { providerInvoiceId } = invoice;
    const before = known.invoices.get(providerInvoiceId) ?? null;
    const payments = truth.payments.filter((payment) => payment.providerInvoiceId === providerInvoiceId);
    invoices.set(providerInvoiceId, await recordInvoice(tx, owner, invoice, before, payments));
  }
  for (const payment of truth.payments) {
    const before = known.payments.get(payment.providerPaymentId) ?? null;
    await recordPayment(tx, owner, payment, invoices.get(payment.providerInvoiceId ?? '') ?? null, before);
  }
  await recordMoneyBack(tx, owner, back);
}
