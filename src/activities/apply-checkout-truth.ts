import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { linkProviderCustomer, linkProviderObjects } from '../db/queries/provider-objects.ts';
import { nextCheckoutStatus, type CheckoutStatus } from '../domain/checkout/transition.ts';
import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import { beginSubscription } from './begin-subscription.ts';
import { noteCheckout } from './note-checkout.ts';
import { noteDisputedSubscriptions } from './note-dispute.ts';
import { RowMoved, touchIfChanged } from './keep-in-step.ts';
import {
  findKnownMoney,
  dateOf,
  recordInvoice,
  recordMoneyBack,
  recordPayment,
  type MoneyBack,
  type MoneyOwner,
} from './record-money.ts';
import { recordOrder } from './record-order.ts';

/** A bank tells of a paid voucher up to a business day later: the page's life is the voucher's and this much more. */
const voucherSlackMs = 36 * 3_600_000;

/**
 * Writes what the provider said in one transaction: status, voucher, payment, invoice, order, subscription, audit,
 * events.
 * The same truth twice changes nothing.
 *
 * @param read The row as it was before the provider was asked; if it has moved since, nothing is written.
 * @param more.closing The status to end with if nothing better is true.
 * @param more.back Refunds and disputes read beside the truth.
 * @param more.moveTo The session that the checkout stands for from now on.
 * @param more.within What else changes in the same transaction, after the truth is in the row.
 * @throws {RowMoved} read again, ask again
 */
export function applyCheckoutTruth(
  em: Db,
  read: Checkout,
  truth: CheckoutTruth | null,
  more: {
    readonly closing?: 'expired' | 'canceled';
    readonly back?: MoneyBack;
    readonly moveTo?: Pick<Checkout, 'provider' | 'providerCheckoutId'>;
    readonly within?: (tx: Db, row: Checkout) => Promise<void>;
  } = {},
): Promise<Checkout> {
  return em.transactional(async (tx) => {
    const row = await tx.findOneOrFail(CheckoutEntity, { id: read.id }, { refresh: true });
    if (row.version !== read.version) throw new RowMoved();
    const before = row.status;
    if (more.moveTo) tx.assign(row, { ...more.moveTo, voucher: null });
    row.status = closed(nextCheckoutStatus(before, truth), more.closing ?? null);
    if (truth !== null && row.provider !== null) {
      if (truth.voucher !== null) keepVoucher(row, truth.voucher);
      await recordTruth(tx, row, row.provider, truth, more.back);
    }
    await more.within?.(tx, row);
    touchIfChanged(tx, row);
    if (row.status !== before) {
      auditChange(tx, row, before, truth);
      await noteCheckout(tx, row);
    }
    return row;
  });
}

function closed(next: CheckoutStatus, closing: 'expired' | 'canceled' | null): CheckoutStatus {
  return closing !== null && next === 'open' ? closing : next;
}

function keepVoucher(row: Checkout, voucher: NonNullable<CheckoutTruth['voucher']>): void {
  row.voucher = voucher;
  const lapses = new Date(Date.parse(voucher.expiresAt) + voucherSlackMs);
  if (row.expiresAt === null || lapses > row.expiresAt) row.expiresAt = lapses;
}

async function recordTruth(
  tx: Db,
  row: Checkout,
  provider: string,
  truth: CheckoutTruth,
  back?: MoneyBack,
): Promise<void> {
  const { projectId, live, organizationId } = row;
  const isPaid = row.status === 'paid';
  if (isPaid && truth.subscription !== null && row.subscriptionId === null) {
    row.subscriptionId = (await beginSubscription(tx, row, provider, truth.subscription)).id;
  }
  const owner: MoneyOwner = {
    projectId,
    live,
    organizationId,
    provider,
    checkoutId: row.id,
    subscriptionId: row.subscriptionId,
  };
  const [told, paid] = [truth.invoice, truth.payment];
  const payments = paid ? [paid] : [];
  const known = await findKnownMoney(tx, owner, { invoices: told ? [told] : [], payments });
  const invoice =
    told && (await recordInvoice(tx, owner, told, known.invoices.get(told.providerInvoiceId) ?? null, payments));
  const payment =
    paid && (await recordPayment(tx, owner, paid, invoice, known.payments.get(paid.providerPaymentId) ?? null));
  if (back) await noteDisputedSubscriptions(tx, await recordMoneyBack(tx, owner, back));
  if (!isPaid) return;
  await recordOrder(tx, row, { payment, invoice });
  await linkProviderObjects(tx, row, provider, { kind: 'checkout', id: row.id }, ownObjects(truth));
  if (truth.providerCustomerId !== null) await linkProviderCustomer(tx, row, provider, truth.providerCustomerId);
}

/** A subscription's own id belongs to it. */
function ownObjects(truth: CheckoutTruth) {
  return truth.objects.filter(({ kind }) => kind !== 'subscription');
}

function auditChange(tx: Db, row: Checkout, before: CheckoutStatus, truth: CheckoutTruth | null): void {
  const payment = truth?.payment ?? null;
  const paid = payment === null ? '' : `: ${payment.amount.amountMinor} ${payment.amount.currency} minor units`;
  recordAudit(tx, {
    projectId: row.projectId,
    live: row.live,
    actor: `checkout/${row.id}`,
    action: `checkout.${row.status}`,
    entityKind: 'checkout',
    entityId: row.id,
    detail: `${row.provider ?? 'no provider'} says ${truth?.state ?? 'nothing'}${row.status === 'paid' ? paid : ''}`,
    before: { status: before },
    after: { status: row.status, expires_at: dateOf(row.expiresAt?.toISOString() ?? null) },
  });
}
