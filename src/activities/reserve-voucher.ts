import { InvoiceEntity, type Invoice } from '../db/entities/payment.ts';
import { PlanEntity } from '../db/entities/plan.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { isOver } from '../domain/subscription/transition.ts';
import { lifeByBook } from '../domain/subscription/voucher-book.ts';
import type { VoucherDue } from '../domain/subscription/voucher-life.ts';
import { RowMoved } from './keep-in-step.ts';
import { lifecyclePolicyOf } from './note-subscription.ts';
import {
  asVoucherSubscription,
  bookOf,
  findVoucherInvoices,
  ownerOf,
  periodOfInvoice,
  type VoucherSubscription,
} from './voucher-invoices.ts';

/** A voucher that is about to be asked for. */
export interface ReservedVoucher {
  readonly row: VoucherSubscription;
  readonly invoice: Invoice;
  /** Grows with each voucher of the same period: the one before is surely gone. */
  readonly generation: number;
  /** Nobody can have asked for it yet. */
  readonly isFresh: boolean;
}

/**
 * Writes down which voucher is asked for before it is, so that a crash in between is found, and only one at a time is.
 *
 * @returns null: none is due.
 * @throws {RowMoved} another attempt is at it: read again
 */
export function reserveVoucher(em: Db, read: VoucherSubscription): Promise<ReservedVoucher | null> {
  return em.transactional(async (tx) => {
    const found = await tx.findOneOrFail(SubscriptionEntity, { id: read.id }, { refresh: true });
    if (found.version !== read.version) throw new RowMoved();
    const row = asVoucherSubscription(found);
    const invoices = await findVoucherInvoices(tx, row);
    const draft = invoices.find(({ status }) => status === 'draft');
    if (draft) return { row, invoice: draft, generation: generationOf(draft, invoices), isFresh: false };
    const now = new Date();
    const policy = await lifecyclePolicyOf(tx, row.projectId);
    const { due } = lifeByBook(bookOf(row, invoices), ownerOf(row, policy), now.toISOString());
    if (isOver(row.status) || due === null || Date.parse(due.at) > now.getTime()) return null;
    const plan = await tx.findOneOrFail(PlanEntity, { projectId: row.projectId, id: row.planId });
    const isFirst = invoices.every(({ paidAt }) => paidAt === null);
    const invoice = tx.create(InvoiceEntity, draftOf(row, due, plan.name, isFirst), { persist: true });
    const { id, projectId, live, status, totalMinor, periodStart, periodEnd } = invoice;
    recordAudit(tx, {
      ...{ projectId, live, actor: `subscription/${row.id}`, action: 'invoice.drafted' },
      ...{ entityKind: 'invoice', entityId: id, detail: `its voucher is asked for at ${row.provider}` },
      after: { status, totalMinor, periodStart, periodEnd },
    });
    row.updatedAt = now; // moves the version: whoever reserves at the same time begins anew
    await tx.flush();
    return { row, invoice, generation: generationOf(invoice, [...invoices, invoice]), isFresh: true };
  });
}

function generationOf(invoice: Invoice, invoices: readonly Invoice[]): number {
  const start = periodOfInvoice(invoice).start;
  return invoices.filter((each) => each.id <= invoice.id && periodOfInvoice(each).start === start).length;
}

function draftOf(row: VoucherSubscription, due: VoucherDue, planName: string, isFirst: boolean) {
  const id = newId('inv');
  const { projectId, live, organizationId, provider, amountMinor, currency, quantity } = row;
  const period = { periodStart: due.period.start, periodEnd: due.period.end };
  return {
    ...{ id, projectId, live, organizationId, provider, currency, status: 'draft' as const },
    ...{ subscriptionId: row.id, checkoutId: null, providerInvoiceId: id, number: null },
    ...{ totalMinor: amountMinor, amountPaidMinor: 0, amountRefundedMinor: 0, taxMinor: null },
    ...{ periodStart: new Date(period.periodStart), periodEnd: new Date(period.periodEnd) },
    ...{ issuedAt: null, paidAt: null, hostedUrl: null, pdfUrl: null, dueAt: new Date(due.expiresAt) },
    lineItems: [{ description: planName, quantity, amountMinor, currency, ...period }],
    billingReason: isFirst ? 'subscription_start' : 'subscription_cycle',
    ...{ paymentMethodId: null, providerPaymentId: null, providerObjectId: null },
  };
}
