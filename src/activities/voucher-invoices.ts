import { InvoiceEntity, type Invoice } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import type { VoucherBook, VoucherEntry, VoucherOwner } from '../domain/subscription/voucher-book.ts';
import type { VoucherTruth } from '../domain/checkout/truth.ts';

/** A subscription whose periods are paid by voucher, each by one of our invoices. */
export interface VoucherSubscription extends Subscription {
  readonly provider: string;
  readonly voucherMethod: VoucherTruth['kind'];
}

/** @throws {BillingError} `not_paid_by_voucher` (bug) */
export function asVoucherSubscription(row: Subscription): VoucherSubscription {
  if (isPaidByVoucher(row)) return row;
  throw new BillingError({
    code: 'not_paid_by_voucher',
    kind: 'bug',
    message: `${row.id} is not paid by voucher.`,
  });
}

function isPaidByVoucher(row: Subscription): row is VoucherSubscription {
  return row.collection === 'voucher' && row.provider !== null && row.voucherMethod !== null;
}

/** Oldest first. */
export function findVoucherInvoices(em: Db, { projectId, live, id }: Subscription): Promise<Invoice[]> {
  return em.find(InvoiceEntity, { projectId, live, subscriptionId: id }, { orderBy: { id: 'asc' } });
}

export function bookOf(row: Subscription, invoices: readonly Invoice[]): VoucherBook {
  return { anchorAt: row.anchorAt?.toISOString() ?? null, entries: invoices.map((each) => entryOf(row, each)) };
}

export function ownerOf(row: Subscription, policy: LifecyclePolicy): VoucherOwner {
  return {
    status: row.status,
    interval: row.billingInterval,
    amountMinor: row.amountMinor,
    isEnding: row.cancelAtPeriodEnd || row.cancelAt !== null,
    isPaused: row.pausedAt !== null,
    graceEndsAt: row.graceEndsAt?.toISOString() ?? null,
    policy,
  };
}

/** @throws {BillingError} `invoice_without_period` (bug): every invoice of such a subscription is for a period. */
export function periodOfInvoice({ id, periodStart, periodEnd }: Invoice) {
  if (periodStart && periodEnd) return { start: periodStart.toISOString(), end: periodEnd.toISOString() };
  throw new BillingError({ code: 'invoice_without_period', kind: 'bug', message: `${id} is for no period.` });
}

function entryOf({ provider }: Subscription, invoice: Invoice): VoucherEntry {
  const isIssued = invoice.providerObjectId !== null;
  // What another provider refused says nothing of this one.
  const isRefused = invoice.status === 'void' && !isIssued && invoice.provider === provider;
  return {
    id: invoice.id,
    status: invoice.status,
    period: periodOfInvoice(invoice),
    totalMinor: invoice.totalMinor,
    isIssued,
    expiresAt: invoice.dueAt?.toISOString() ?? null,
    refusedAt: isRefused ? invoice.updatedAt.toISOString() : null,
    paidAt: invoice.paidAt?.toISOString() ?? null,
  };
}
