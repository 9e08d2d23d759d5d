import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { isOver, nextSubscriptionStatus } from '../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { RowMoved, touchIfChanged } from './keep-in-step.ts';
import { noteSubscription, type SubscriptionNews } from './note-subscription.ts';
import { recordInvoice, recordMoneyBack, recordPayment, type MoneyBack, type MoneyOwner } from './record-money.ts';
import { subscriptionColumns } from './subscription-columns.ts';

/**
 * Writes what a provider said of a subscription in one transaction: status, dates, invoices, payments, audit, events,
 * entitlement. The same truth twice changes nothing, and nothing reopens an ended one.
 *
 * @param read The row as it was before the provider was asked; if it has moved since, nothing is written.
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
    readonly within?: (tx: Db, row: Subscription) => Promise<readonly SubscriptionNews[]>;
  } = {},
): Promise<Subscription> {
  return em.transactional(async (tx) => {
    const row = await tx.findOneOrFail(SubscriptionEntity, { id: read.id }, { refresh: true });
    if (row.version !== read.version) throw new RowMoved();
    const before = row.status;
    if (!isOver(before)) tx.assign(row, subscriptionColumns(truth));
    row.status = nextSubscriptionStatus(before, truth);
    await recordMoney(tx, row, truth, more.back ?? { refunds: [], disputes: [] });
    const news = [...newsOf(row, before, truth, more.actor), ...((await more.within?.(tx, row)) ?? [])];
    touchIfChanged(tx, row);
    await noteSubscription(tx, row, news);
    return row;
  });
}

function newsOf(
  row: Subscription,
  before: Subscription['status'],
  truth: SubscriptionTruth,
  actor = `subscription/${row.id}`,
): readonly SubscriptionNews[] {
  if (row.status === before) return [];
  return [
    {
      ...{ type: 'subscription.updated', actor, detail: `${row.provider ?? 'no provider'} says ${truth.status}` },
      ...{ before: { status: before }, after: { status: row.status } },
    },
  ];
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
  const invoices = new Map<string, Awaited<ReturnType<typeof recordInvoice>>>();
  for (const invoice of truth.invoices) {
    invoices.set(invoice.providerInvoiceId, await recordInvoice(tx, owner, invoice));
  }
  for (const payment of truth.payments) {
    await recordPayment(tx, owner, payment, invoices.get(payment.providerInvoiceId ?? '') ?? null);
  }
  await recordMoneyBack(tx, owner, back);
}
