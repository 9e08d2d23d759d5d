import { InvoiceEntity, type Invoice } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { nextInvoiceNumber } from '../db/queries/invoice-numbers.ts';
import { linkProviderCustomer, linkProviderObjects } from '../db/queries/provider-objects.ts';
import type { DirectPaymentTruth } from '../providers/port-money.ts';
import { changeSubscription, enterStatus, type SubscriptionDeed } from './change-subscription.ts';
import { RowMoved } from './keep-in-step.ts';
import { noteInvoice } from './note-invoice.ts';
import { lifecyclePolicyOf } from './note-subscription.ts';
import type { OrderedVoucher } from './order-voucher.ts';
import type { ReservedVoucher } from './reserve-voucher.ts';
import { asVoucherSubscription, findVoucherInvoices, type VoucherSubscription } from './voucher-invoices.ts';
import { writeVoucherDue } from './write-voucher-life.ts';

/** The provider has issued it: the invoice opens under a number of ours, and its ids find the subscription from now on. */
export function keepVoucher(
  em: Db,
  reserved: Pick<ReservedVoucher, 'row' | 'invoice'>,
  truth: DirectPaymentTruth,
): Promise<VoucherSubscription> {
  return inStep(em, reserved, async (tx, row, invoice) => {
    const now = new Date();
    const { projectId, live, provider, voucherMethod } = reserved.row;
    const customer = truth.objects.find(({ kind }) => kind === 'customer');
    await linkProviderObjects(tx, row, provider, { kind: 'subscription', id: row.id }, truth.objects);
    if (customer) await linkProviderCustomer(tx, row, provider, customer.id);
    row.voucher = truth.voucher;
    row.voucherDueAt = null;
    tx.assign(invoice, {
      ...{ status: 'open', issuedAt: now, providerObjectId: truth.providerObjectId },
      providerInvoiceId: truth.payment?.providerInvoiceId ?? invoice.providerInvoiceId,
      ...(truth.voucher && { dueAt: new Date(truth.voucher.expiresAt) }),
      number: await nextInvoiceNumber(tx, projectId, live, now.getUTCFullYear()),
    });
    await noteInvoice(tx, invoice, null);
    const detail = `invoice ${invoice.number ?? invoice.id} by ${voucherMethod}`;
    const told = { cause: invoice.id, actor: `subscription/${row.id}`, detail };
    const after = { invoice_id: invoice.id, period_start: invoice.periodStart, expires_at: invoice.dueAt };
    return { detail, news: [{ ...told, type: 'subscription.voucher_issued', after }] };
  });
}

/** The provider will not: the first time the subscription never begins, later it is asked again after some hours. */
export function refuseVoucher(
  em: Db,
  reserved: ReservedVoucher,
  refusal: Extract<OrderedVoucher, { outcome: 'refused' }>,
): Promise<VoucherSubscription> {
  const detail = `${reserved.row.provider} issues no voucher: ${refusal.code}`;
  return inStep(em, reserved, async (tx, row, invoice) => {
    const { id, projectId, live, status } = invoice;
    invoice.status = 'void';
    recordAudit(tx, {
      ...{ projectId, live, actor: `subscription/${row.id}`, action: 'invoice.voided' },
      ...{ entityKind: 'invoice', entityId: id, detail, before: { status }, after: { status: 'void' } },
    });
    await tx.flush(); // the time of the refusal
    const invoices = await findVoucherInvoices(tx, row);
    const policy = await lifecyclePolicyOf(tx, row.projectId);
    const isFirst = invoices.every(({ paidAt }) => paidAt === null);
    if (isFirst) {
      enterStatus(row, 'expired', policy);
      const failure = { failureCode: refusal.code, failureDetail: { ...refusal.details } };
      tx.assign(row, { ...failure, endedAt: new Date(), voucher: null, voucherDueAt: null });
      return { detail };
    }
    writeVoucherDue(row, invoices, policy);
    const told = { cause: invoice.id, actor: `subscription/${row.id}`, detail };
    return { detail, news: [{ ...told, type: 'subscription.updated', after: { voucher_due_at: row.voucherDueAt } }] };
  });
}

/** @throws {RowMoved} another attempt is at it: read again */
async function inStep(
  em: Db,
  reserved: Pick<ReservedVoucher, 'row' | 'invoice'>,
  write: (tx: Db, row: Subscription, invoice: Invoice) => Promise<SubscriptionDeed>,
): Promise<VoucherSubscription> {
  const row = await changeSubscription(em.fork(), reserved.row, async (tx, fresh) => {
    const invoice = await tx.findOneOrFail(InvoiceEntity, { id: reserved.invoice.id });
    if (invoice.status !== 'draft') throw new RowMoved();
    const deed = await write(tx, fresh, invoice);
    fresh.updatedAt = new Date();
    return deed;
  });
  return asVoucherSubscription(row);
}
