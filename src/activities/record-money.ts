import {
  DisputeEntity,
  InvoiceEntity,
  PaymentEntity,
  RefundEntity,
  type Invoice,
  type Payment,
} from '../db/entities/payment.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import type { DisputeTruth, RefundTruth } from '../domain/payment/truth.ts';
import type { InvoiceTruth, PaymentTruth } from '../domain/checkout/truth.ts';

/** Whose money it is, and what it is for. */
export interface MoneyOwner {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
  readonly checkoutId: string | null;
  readonly subscriptionId: string | null;
}

/** Mirrors an invoice, once per provider id; the same truth again changes nothing. */
export async function recordInvoice(tx: Db, owner: MoneyOwner, truth: InvoiceTruth): Promise<Invoice> {
  const { projectId, live, provider } = owner;
  const stored = {
    number: truth.number,
    status: truth.status,
    totalMinor: truth.total.amountMinor,
    currency: truth.total.currency,
    amountPaidMinor: truth.amountPaidMinor,
    amountRefundedMinor: truth.amountRefundedMinor,
    taxMinor: truth.taxMinor,
    periodStart: dateOf(truth.periodStart),
    periodEnd: dateOf(truth.periodEnd),
    issuedAt: dateOf(truth.issuedAt),
    paidAt: dateOf(truth.paidAt),
    hostedUrl: truth.hostedUrl,
    pdfUrl: truth.pdfUrl,
  };
  const known = await tx.findOne(InvoiceEntity, {
    projectId,
    live,
    provider,
    providerInvoiceId: truth.providerInvoiceId,
  });
  if (known) return tx.assign(known, { ...stored, subscriptionId: known.subscriptionId ?? owner.subscriptionId });
  return tx.create(
    InvoiceEntity,
    { ...owner, ...stored, ...notTold, id: newId('inv'), providerInvoiceId: truth.providerInvoiceId },
    { persist: true },
  );
}

/** What the truth of an invoice does not say. */
const notTold = {
  ...{ lineItems: [], billingReason: null, dueAt: null, paymentMethodId: null },
  ...{ providerPaymentId: null, providerObjectId: null },
};

/** Records what a customer paid or tried to pay, once per provider id. Money that succeeded never becomes less true. */
export async function recordPayment(
  tx: Db,
  owner: MoneyOwner,
  truth: PaymentTruth,
  invoice: Invoice | null,
): Promise<Payment> {
  const { projectId, live, provider } = owner;
  const stored = {
    status: truth.status,
    amountMinor: truth.amount.amountMinor,
    currency: truth.amount.currency,
    taxMinor: truth.taxMinor,
    refundedMinor: truth.refundedMinor,
    method: truth.method,
    declineCode: truth.declineCode,
    paidAt: dateOf(truth.paidAt),
  };
  const known = await tx.findOne(PaymentEntity, {
    projectId,
    live,
    provider,
    providerPaymentId: truth.providerPaymentId,
  });
  if (known) {
    if (known.status === 'succeeded' && truth.status !== 'succeeded') return known;
    return tx.assign(known, { ...stored, subscriptionId: known.subscriptionId ?? owner.subscriptionId });
  }
  if (invoice) await tx.flush(); // the payment's foreign key needs the invoice
  return tx.create(
    PaymentEntity,
    {
      ...owner,
      ...stored,
      id: newId('pay'),
      providerPaymentId: truth.providerPaymentId,
      invoiceId: invoice?.id ?? null,
    },
    { persist: true },
  );
}

/** Records refunds and disputes of payments that we have, once per provider id; the rest is somebody else's. */
export async function recordMoneyBack(tx: Db, owner: MoneyOwner, back: MoneyBack): Promise<void> {
  const { projectId, live, provider, organizationId } = owner;
  const paymentOf = (providerPaymentId: string) =>
    tx.findOne(PaymentEntity, { projectId, live, provider, providerPaymentId });
  await tx.flush(); // their foreign keys need the payments
  for (const truth of back.refunds) {
    const payment = await paymentOf(truth.providerPaymentId);
    if (!payment) continue;
    const key = { projectId, live, provider, providerRefundId: truth.providerRefundId };
    const stored = { status: truth.status, taxMinor: truth.taxMinor };
    const known = await tx.findOne(RefundEntity, key);
    if (known) tx.assign(known, stored);
    else
      tx.create(
        RefundEntity,
        {
          ...{ ...key, ...stored, id: newId('re'), organizationId, paymentId: payment.id },
          ...{ ...truth.amount, refundedAt: dateOf(truth.createdAt), invoiceId: null, checkoutId: null },
          ...{ reason: null, actor: null, failureCode: null, failureDetail: null },
        },
        { persist: true },
      );
  }
  for (const truth of back.disputes) {
    const payment = await paymentOf(truth.providerPaymentId);
    if (!payment) continue;
    const key = { projectId, live, provider, providerDisputeId: truth.providerDisputeId };
    const stored = {
      ...{ ...truth.amount, status: truth.status, reason: truth.reason },
      respondBy: dateOf(truth.respondBy),
    };
    const known = await tx.findOne(DisputeEntity, key);
    if (known) tx.assign(known, stored);
    else
      tx.create(
        DisputeEntity,
        {
          ...{ ...key, ...stored, id: newId('dsp'), organizationId, paymentId: payment.id },
          disputedAt: new Date(truth.createdAt),
        },
        { persist: true },
      );
  }
}

export interface MoneyBack {
  readonly refunds: readonly RefundTruth[];
  readonly disputes: readonly DisputeTruth[];
}

export function dateOf(iso: string | null): Date | null {
  return iso === null ? null : new Date(iso);
}
