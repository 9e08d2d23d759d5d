import {
  DisputeEntity,
  InvoiceEntity,
  OrderEntity,
  PaymentEntity,
  RefundEntity,
  type Payment,
} from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import { lockInvoice } from '../db/queries/lock-invoice.ts';
import { openDisputeStatuses } from '../domain/payment/dispute.ts';
import { orderStatusOf } from '../domain/payment/order.ts';
import { invoiceStatusWith } from '../domain/payment/refund.ts';
import { noteChange } from './keep-in-step.ts';
import { invoiceState, noteInvoice } from './note-invoice.ts';
import { noteOrder } from './note-order.ts';

/**
 * After money of a payment went back, or came back: the payment's own sum, its invoice and its order follow, in the same
 * transaction. Nothing changes where they say it already.
 *
 * @param lostMinor What refunds that had succeeded turned out not to have paid back.
 */
export async function followMoneyBack(tx: Db, payment: Payment, lostMinor = 0): Promise<void> {
  await lockInvoice(tx, payment.invoiceId);
  await tx.flush(); // the sums below are the database's
  const refunded = Math.max(payment.refundedMinor - lostMinor, await succeededMinor(tx, [payment.id]));
  if (payment.refundedMinor !== refunded) {
    payment.refundedMinor = refunded;
    noteChange(tx);
    await tx.flush();
  }
  await followInvoice(tx, payment, lostMinor);
  await followOrder(tx, payment);
}

/** What went back of these payments by our rows, in their minor units. */
export async function succeededMinor(tx: Db, paymentIds: readonly string[]): Promise<number> {
  if (paymentIds.length === 0) return 0;
  const refunds = await tx.find(RefundEntity, { paymentId: { $in: [...paymentIds] }, status: 'succeeded' });
  return refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
}

async function followInvoice(tx: Db, { invoiceId, projectId }: Payment, lostMinor: number): Promise<void> {
  if (invoiceId === null) return;
  const invoice = await tx.findOneOrFail(InvoiceEntity, { id: invoiceId });
  const before = invoiceState(invoice);
  const payments = await tx.find(PaymentEntity, { projectId, invoiceId });
  const refunded = payments.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0);
  invoice.amountRefundedMinor = Math.max(invoice.amountRefundedMinor - lostMinor, refunded);
  const wasRefunded = invoice.status === 'refunded' || invoice.status === 'partially_refunded';
  const from = lostMinor > 0 && wasRefunded ? 'paid' : invoice.status;
  invoice.status = invoiceStatusWith(from, invoice.amountPaidMinor, invoice.amountRefundedMinor);
  await noteInvoice(tx, invoice, before);
}

async function followOrder(tx: Db, payment: Payment): Promise<void> {
  const order = await tx.findOne(OrderEntity, { paymentId: payment.id });
  if (!order) return;
  const before = { status: order.status, refundedMinor: order.refundedMinor };
  order.refundedMinor = payment.refundedMinor;
  order.status = orderStatusOf({ ...order, isDisputed: await isDisputed(tx, payment) });
  await noteOrder(tx, order, before);
}

/** Whether a bank is asking the money of this payment back, or has taken it. */
export async function isDisputed(tx: Db, payment: Payment): Promise<boolean> {
  const open = await tx.count(DisputeEntity, { paymentId: payment.id, status: { $in: [...openDisputeStatuses] } });
  return open > 0;
}
