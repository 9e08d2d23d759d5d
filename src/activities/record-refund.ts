import { RefundEntity, type Payment, type Refund } from '../db/entities/payment.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { nextRefundStatus } from '../domain/payment/refund.ts';
import type { RefundTruth } from '../domain/payment/truth.ts';
import { followMoneyBack } from './follow-money-back.ts';
import { noteRefund } from './note-refund.ts';

/** A provider's clock may be this far behind ours. */
const clockSlackMs = 300_000;

/**
 * Records what a provider says of one refund: the row we asked with, or one of its own where it was made at the
 * provider. Payment, invoice and order follow. The same truth again changes nothing.
 */
export async function recordRefund(tx: Db, payment: Payment, truth: RefundTruth): Promise<Refund> {
  const known = await findRow(tx, payment, truth);
  const before = known?.status ?? null;
  const row = known ?? createRow(tx, payment, truth);
  if (known) {
    const status = nextRefundStatus(known.status, truth.status);
    const isLost = status === 'failed' || status === 'canceled';
    tx.assign(known, {
      status,
      taxMinor: truth.taxMinor,
      providerRefundId: truth.providerRefundId,
      refundedAt: known.refundedAt ?? madeAt(truth),
      failureCode: known.failureCode ?? (isLost ? `refund_${status}` : null),
    });
  }
  if (row.status === before) return row;
  await noteRefund(tx, row, payment, before, `provider:${row.provider}`);
  const lostMinor = before === 'succeeded' ? row.amountMinor : 0;
  await followMoneyBack(tx, payment, lostMinor);
  return row;
}

/**
 * By the provider's id; by ours, which most providers carry; else, where a provider carries nothing, what we have sent
 * without hearing of it and has the same amount: there is never more than one in flight per payment.
 */
async function findRow(tx: Db, payment: Payment, truth: RefundTruth): Promise<Refund | null> {
  const { projectId, live, provider, id: paymentId } = payment;
  const { providerRefundId, refundId } = truth;
  const byProvider = await tx.findOne(RefundEntity, { projectId, live, provider, providerRefundId });
  if (byProvider) return byProvider;
  if (refundId !== null)
    return tx.findOne(RefundEntity, { id: refundId, projectId, live, paymentId, providerRefundId: null });
  const sent = await tx.findOne(RefundEntity, {
    ...{ paymentId, providerRefundId: null, status: 'unknown', amountMinor: truth.amount.amountMinor },
  });
  if (sent === null || truth.createdAt === null) return sent;
  return Date.parse(truth.createdAt) >= sent.createdAt.getTime() - clockSlackMs ? sent : null;
}

function createRow(tx: Db, payment: Payment, truth: RefundTruth): Refund {
  const { projectId, live, organizationId, provider, id: paymentId, invoiceId, checkoutId } = payment;
  const { status, taxMinor, amount, providerRefundId } = truth;
  return tx.create(
    RefundEntity,
    {
      ...{ id: newId('re'), projectId, live, organizationId, provider, paymentId, invoiceId, checkoutId },
      ...{ ...amount, status, taxMinor, providerRefundId, refundedAt: madeAt(truth) },
      ...{ reason: null, actor: null, failureDetail: null, sending: null },
      failureCode: status === 'failed' || status === 'canceled' ? `refund_${status}` : null,
    },
    { persist: true },
  );
}

function madeAt({ createdAt }: RefundTruth): Date | null {
  return createdAt === null ? null : new Date(createdAt);
}
