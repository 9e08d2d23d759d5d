import { InvoiceEntity, type Invoice } from '../db/entities/payment.ts';
import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { nextInvoiceNumber } from '../db/queries/invoice-numbers.ts';
import { linkProviderCustomer, linkProviderObjects } from '../db/queries/provider-objects.ts';
import type { DirectPaymentTruth } from '../providers/port-money.ts';
import { RowMoved } from './keep-in-step.ts';
import { lifecyclePolicyOf, noteSubscription, type SubscriptionNews } from './note-subscription.ts';
import type { OrderedVoucher } from './order-voucher.ts';
import type { ReservedVoucher } from './reserve-voucher.ts';
import { writeVoucherDue } from './write-voucher-life.ts';
import { asVoucherSubscription, findVoucherInvoices, type VoucherSubscription } from './voucher-invoices.ts';

/** The provider has issued it: the invoice opens under a number of ours, and its ids find the subscription from now on. */
export function keepVoucher(
  em: Db,
  reserved: Pick<ReservedVoucher, 'row' | 'invoice'>,
  truth: DirectPaymentTruth,
): Promise<VoucherSubscription> {
  return inStep(em, reserved, async (tx, row, invoice) => {
    const now = new Date();
    const { projectId, live, organizationId, provider } = row;
    const owner = { projectId, live, organizationId };
    const customer = truth.objects.find(({ kind }) => kind === 'customer');
    await linkProviderObjects(tx, owner, provider, { kind: 'subscription', id: row.id }, truth.objects);
    if (customer) await linkProviderCustomer(tx, owner, provider, customer.id);
    row.voucher = truth.voucher;
    row.voucherDueAt = null;
    tx.assign(invoice, {
      ...{ status: 'open', issuedAt: now, providerObjectId: truth.providerObjectId },
      providerInvoiceId: truth.payment?.providerInvoiceId ?? invoice.providerInvoiceId,
      ...(truth.voucher && { dueAt: new Date(truth.voucher.expiresAt) }),
      number: await nextInvoiceNumber(tx, projectId, live, now.getUTCFullYear()),
    });
    return [
      {
        ...{ type: 'subscription.voucher_issued', cause: invoice.id, actor: `subscription/${row.id}` },
        detail: `invoice ${invoice.number ?? invoice.id} by ${row.voucherMethod}`,
        after: { invoice_id: invoice.id, period_start: invoice.periodStart, expires_at: invoice.dueAt },
      },
    ];
  });
}

/** The provider will not: the first time the subscription never begins, later it is asked again after some hours. */
export function refuseVoucher(
  em: Db,
  reserved: ReservedVoucher,
  refusal: Extract<OrderedVoucher, { outcome: 'refused' }>,
): Promise<VoucherSubscription> {
  return inStep(em, reserved, async (tx, row, invoice) => {
    invoice.status = 'void';
    const invoices = await findVoucherInvoices(tx, row);
    const detail = `${row.provider} issues no voucher: ${refusal.code}`;
    const told = { actor: `subscription/${row.id}`, cause: invoice.id, detail };
    if (row.status === 'incomplete' && invoices.every(({ paidAt }) => paidAt === null)) {
      const failure = { failureCode: refusal.code, failureDetail: { ...refusal.details } };
      tx.assign(row, { ...failure, status: 'expired', endedAt: new Date(), voucher: null, voucherDueAt: null });
      return [
        { ...told, type: 'subscription.expired', before: { status: 'incomplete' }, after: { status: 'expired' } },
      ];
    }
    await tx.flush(); // the time of the refusal
    writeVoucherDue(row, invoices, await lifecyclePolicyOf(tx, row.projectId));
    return [{ ...told, type: 'subscription.updated', after: { voucher_due_at: row.voucherDueAt } }];
  });
}

/** @throws {RowMoved} another attempt is at it: read again */
function inStep(
  em: Db,
  reserved: Pick<ReservedVoucher, 'row' | 'invoice'>,
  write: (tx: Db, row: VoucherSubscription, invoice: Invoice) => Promise<readonly SubscriptionNews[]>,
): Promise<VoucherSubscription> {
  return em.fork().transactional(async (tx) => {
    const row: Subscription = await tx.findOneOrFail(SubscriptionEntity, { id: reserved.row.id });
    const invoice = await tx.findOneOrFail(InvoiceEntity, { id: reserved.invoice.id });
    if (row.version !== reserved.row.version || invoice.status !== 'draft') throw new RowMoved();
    row.updatedAt = new Date();
    const voucherRow = asVoucherSubscription(row);
    await noteSubscription(tx, voucherRow, await write(tx, voucherRow, invoice));
    return voucherRow;
  });
}
