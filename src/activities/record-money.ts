import { LockMode } from '@mikro-orm/core';
import { InvoiceEntity, PaymentEntity, type Invoice, type Payment, type StoredLine } from '../db/entities/payment.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { lockInvoice } from '../db/queries/lock-invoice.ts';
import type { InvoiceTruth, PaymentTruth } from '../domain/checkout/truth.ts';
import { invoiceStatusWith } from '../domain/payment/refund.ts';
import type { DisputeTruth, RefundTruth } from '../domain/payment/truth.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { followMoneyBack, succeededMinor } from './follow-money-back.ts';
import { isNew, noteChange } from './keep-in-step.ts';
import { makeInvoice, numberInvoice, ownerColumns, paymentMethodOf, soldLine } from './make-invoice.ts';
import { invoiceState, noteInvoice } from './note-invoice.ts';
import { recordDispute } from './record-dispute.ts';
import { recordRefund } from './record-refund.ts';

/** Whose money it is, and what it is for. */
export interface MoneyOwner {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
  readonly checkoutId: string | null;
  readonly subscriptionId: string | null;
}

export interface MoneyBack {
  readonly refunds: readonly RefundTruth[];
  readonly disputes: readonly DisputeTruth[];
}

/** The rows of what a truth tells, by the provider's ids, in two reads. */
export async function findKnownMoney(
  tx: Db,
  owner: MoneyOwner,
  told: { readonly invoices: readonly InvoiceTruth[]; readonly payments: readonly PaymentTruth[] },
): Promise<KnownMoney> {
  const { projectId, live, provider } = owner;
  const account = { projectId, live, provider };
  const invoiceIds = told.invoices.map(({ providerInvoiceId }) => providerInvoiceId);
  const paymentIds = told.payments.map(({ providerPaymentId }) => providerPaymentId);
  const invoices =
    invoiceIds.length === 0 ? [] : await tx.find(InvoiceEntity, { ...account, providerInvoiceId: { $in: invoiceIds } });
  const payments =
    paymentIds.length === 0 ? [] : await tx.find(PaymentEntity, { ...account, providerPaymentId: { $in: paymentIds } });
  return {
    invoices: new Map(invoices.map((row) => [row.providerInvoiceId ?? '', row])),
    payments: new Map(payments.map((row) => [row.providerPaymentId, row])),
  };
}

export interface KnownMoney {
  readonly invoices: ReadonlyMap<string, Invoice>;
  readonly payments: ReadonlyMap<string, Payment>;
}

/**
 * Mirrors an invoice, once per provider id; the same truth again changes nothing.
 *
 * @param known Its row, from `findKnownMoney`.
 * @param payments What pays it, oldest first: recorded next, but what is told of the invoice names the last already.
 */
export async function recordInvoice(
  tx: Db,
  owner: MoneyOwner,
  truth: InvoiceTruth,
  known: Invoice | null,
  payments: readonly PaymentTruth[],
): Promise<Invoice> {
  const { providerInvoiceId } = truth;
  const before = known && invoiceState(known);
  const lines = await linesOf(tx, owner, truth);
  const providerPaymentId = payments.reduce(payerOf, known?.providerPaymentId ?? null);
  const stored = { ...invoiceColumns(truth, await refundedMinorOf(tx, known, truth)), ...lines, providerPaymentId };
  const row = known
    ? tx.assign(known, {
        ...stored,
        number: known.number ?? truth.number,
        subscriptionId: known.subscriptionId ?? owner.subscriptionId,
      })
    : tx.create(
        InvoiceEntity,
        {
          ...{ ...ownerColumns(owner), ...unread, ...stored, id: newId('inv'), providerInvoiceId },
          number: truth.number,
          paymentMethodId: await paymentMethodOf(tx, owner),
        },
        { persist: true },
      );
  await numberInvoice(tx, row);
  await noteInvoice(tx, row, before);
  return row;
}

/** What an invoice does not have before its lines were read and its payment recorded. */
const unread = { lineItems: [], billingReason: null, providerPaymentId: null, providerObjectId: null };

function invoiceColumns(truth: InvoiceTruth, amountRefundedMinor: number) {
  const issuedAt = dateOf(truth.issuedAt);
  return {
    status: invoiceStatusWith(truth.status, truth.amountPaidMinor, amountRefundedMinor),
    totalMinor: truth.total.amountMinor,
    currency: truth.total.currency,
    amountPaidMinor: truth.amountPaidMinor,
    amountRefundedMinor,
    taxMinor: truth.taxMinor,
    periodStart: dateOf(truth.periodStart),
    periodEnd: dateOf(truth.periodEnd),
    issuedAt,
    dueAt: issuedAt, // providers collect what they have issued at once
    paidAt: dateOf(truth.paidAt),
    hostedUrl: truth.hostedUrl,
    pdfUrl: truth.pdfUrl,
  };
}

/** A provider's word, but never less than what our refunds have paid back: its reads may lag, or not say it at all. */
async function refundedMinorOf(tx: Db, known: Invoice | null, truth: InvoiceTruth): Promise<number> {
  if (known === null || truth.amountRefundedMinor >= known.amountRefundedMinor) return truth.amountRefundedMinor;
  const payments = await tx.find(PaymentEntity, { projectId: known.projectId, invoiceId: known.id });
  const ours = await succeededMinor(
    tx,
    payments.map(({ id }) => id),
  );
  return Math.max(truth.amountRefundedMinor, ours);
}

/** @returns nothing where the lines were not read this time: those stored before stay. */
async function linesOf(
  tx: Db,
  owner: MoneyOwner,
  truth: InvoiceTruth,
): Promise<{ readonly lineItems?: readonly StoredLine[]; readonly billingReason?: string | null }> {
  if (truth.lines === undefined) return {};
  const { total, taxMinor, billingReason = null } = truth;
  if (truth.lines.length === 0) {
    const net = { amountMinor: total.amountMinor - (taxMinor ?? 0), currency: total.currency };
    return { lineItems: [await soldLine(tx, owner, net)], billingReason };
  }
  return { lineItems: truth.lines.map(({ amount, ...line }) => ({ ...line, ...amount })), billingReason };
}

/**
 * Records what a customer paid or tried to pay, once per provider id. Money that succeeded never becomes less true, and
 * always has an invoice: the provider's, or one of ours.
 */
export async function recordPayment(
  tx: Db,
  owner: MoneyOwner,
  truth: PaymentTruth,
  invoice: Invoice | null,
  known: Payment | null,
): Promise<Payment> {
  if (known?.status === 'succeeded' && (truth.status !== 'succeeded' || saysNothingNew(known, truth))) return known;
  if (known?.status !== truth.status || known.refundedMinor !== truth.refundedMinor) noteChange(tx);
  if (known) await lockInvoice(tx, known.invoiceId ?? invoice?.id ?? null);
  const paper = await paperOf(tx, owner, truth, invoice, known);
  if (paper && isNew(tx, paper)) await tx.flush(); // the payment's foreign key needs the invoice
  const stored = { ...paymentColumns(truth), invoiceId: known?.invoiceId ?? paper?.id ?? null };
  if (!known)
    return tx.create(
      PaymentEntity,
      {
        ...{ ...ownerColumns(owner), ...stored, id: newId('pay') },
        ...{ providerPaymentId: truth.providerPaymentId, refundedMinor: truth.refundedMinor },
      },
      { persist: true },
    );
  const ours = truth.refundedMinor < known.refundedMinor ? await succeededMinor(tx, [known.id]) : 0;
  const refundedMinor = Math.max(truth.refundedMinor, ours);
  const isMoved = refundedMinor !== known.refundedMinor;
  tx.assign(known, { ...stored, refundedMinor, subscriptionId: known.subscriptionId ?? owner.subscriptionId });
  if (isMoved) await followMoneyBack(tx, known);
  return known;
}

function saysNothingNew(known: Payment, truth: PaymentTruth): boolean {
  const { refundedMinor, taxMinor, method, invoiceId } = known;
  return (
    invoiceId !== null &&
    refundedMinor === truth.refundedMinor &&
    taxMinor === truth.taxMinor &&
    method === truth.method
  );
}

function paymentColumns(truth: PaymentTruth) {
  return {
    status: truth.status,
    amountMinor: truth.amount.amountMinor,
    currency: truth.amount.currency,
    taxMinor: truth.taxMinor,
    method: truth.method,
    declineCode: truth.declineCode,
    paidAt: dateOf(truth.paidAt),
  };
}

/** The invoice that a payment pays: the one given, the one it names, else one of ours as soon as it has succeeded. */
async function paperOf(
  tx: Db,
  owner: MoneyOwner,
  truth: PaymentTruth,
  given: Invoice | null,
  known: Payment | null,
): Promise<Invoice | null> {
  const { projectId, live, provider } = owner;
  const { providerInvoiceId, status } = truth;
  if (known !== null && known.invoiceId !== null && given === null) return null; // it has its own
  // Whoever else is recording this payment makes its invoice, not we too.
  if (known?.invoiceId === null) await tx.refresh(known, { lockMode: LockMode.PESSIMISTIC_WRITE });
  const id = known?.invoiceId ?? null;
  const found = given ?? (await findPaper(tx, id, { projectId, live, provider }, providerInvoiceId));
  if (found) {
    const before = invoiceState(found);
    found.providerPaymentId = payerOf(found.providerPaymentId, truth);
    await noteInvoice(tx, found, before);
    return found;
  }
  return status === 'succeeded' && truth.amount.amountMinor > 0 ? makeInvoice(tx, owner, truth) : null;
}

/** The payment that paid, else the first that tried. */
function payerOf(known: string | null, { providerPaymentId, status }: PaymentTruth): string | null {
  return known === null || status === 'succeeded' ? providerPaymentId : known;
}

function findPaper(
  tx: Db,
  id: string | null,
  account: AccountKey,
  providerInvoiceId: string | null,
): Promise<Invoice | null> {
  if (id !== null) return tx.findOne(InvoiceEntity, { id });
  return providerInvoiceId === null
    ? Promise.resolve(null)
    : tx.findOne(InvoiceEntity, { ...account, providerInvoiceId });
}

/**
 * Records refunds and disputes of payments that we have, once per provider id; the rest is somebody else's.
 *
 * @returns the payments about whose disputes there was something new.
 */
export async function recordMoneyBack(tx: Db, owner: MoneyOwner, back: MoneyBack): Promise<readonly Payment[]> {
  const { projectId, live, provider } = owner;
  const paymentOf = (providerPaymentId: string) =>
    tx.findOne(PaymentEntity, { projectId, live, provider, providerPaymentId });
  if (back.refunds.length + back.disputes.length > 0) await tx.flush(); // their foreign keys need the payments
  for (const truth of back.refunds) {
    const payment = await paymentOf(truth.providerPaymentId);
    if (payment) await recordRefund(tx, payment, truth);
  }
  const disputed: Payment[] = [];
  for (const truth of back.disputes) {
    const payment = await paymentOf(truth.providerPaymentId);
    if (payment && (await recordDispute(tx, payment, truth))) disputed.push(payment);
  }
  return disputed;
}

export function dateOf(iso: string | null): Date | null {
  return iso === null ? null : new Date(iso);
}
