import { CheckoutEntity } from '../db/entities/checkout.ts';
import { InvoiceEntity, type Invoice, type StoredLine } from '../db/entities/payment.ts';
import { PlanEntity } from '../db/entities/plan.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { nextInvoiceNumber } from '../db/queries/invoice-numbers.ts';
import type { PaymentTruth } from '../domain/checkout/truth.ts';
import type { Money } from '../domain/money.ts';
import { invoiceStatusWith } from '../domain/payment/refund.ts';
import { noteInvoice } from './note-invoice.ts';
import type { MoneyOwner } from './record-money.ts';

/** What is sold, as a row tells it. */
interface Sold {
  readonly name: string;
  readonly quantity: number;
  readonly paymentMethodId: string | null;
}

/** An invoice of ours for money that came without one of the provider's, so that every payment has its paper. */
export async function makeInvoice(tx: Db, owner: MoneyOwner, payment: PaymentTruth): Promise<Invoice> {
  const { amount, taxMinor, refundedMinor } = payment;
  const paidAt = payment.paidAt === null ? new Date() : new Date(payment.paidAt);
  const sold = await whatWasSold(tx, owner);
  const row = tx.create(
    InvoiceEntity,
    {
      ...ownerColumns(owner),
      id: newId('inv'),
      providerInvoiceId: payment.providerInvoiceId,
      number: null,
      status: invoiceStatusWith('paid', amount.amountMinor, refundedMinor),
      ...{ totalMinor: amount.amountMinor, currency: amount.currency, taxMinor },
      ...{ amountPaidMinor: amount.amountMinor, amountRefundedMinor: refundedMinor },
      ...{ periodStart: null, periodEnd: null, issuedAt: paidAt, dueAt: paidAt, paidAt },
      ...{ hostedUrl: null, pdfUrl: null, billingReason: null, providerObjectId: null },
      lineItems: [lineOf(sold, { amountMinor: amount.amountMinor - (taxMinor ?? 0), currency: amount.currency })],
      paymentMethodId: sold.paymentMethodId,
      providerPaymentId: payment.providerPaymentId,
    },
    { persist: true },
  );
  await numberInvoice(tx, row);
  await noteInvoice(tx, row, null);
  return row;
}

/** Gives an invoice that is paid, and that its provider does not number, a number of ours. Once given it stays. */
export async function numberInvoice(tx: Db, row: Invoice): Promise<void> {
  const isFinal = row.status === 'paid' || row.status === 'refunded' || row.status === 'partially_refunded';
  if (row.number !== null || !isFinal) return;
  const year = (row.issuedAt ?? row.paidAt ?? new Date()).getUTCFullYear();
  row.number = await nextInvoiceNumber(tx, row.projectId, row.live, year);
}

/** The one line of an invoice whose provider tells none: what was sold, for what it cost without tax. */
export async function soldLine(tx: Db, owner: MoneyOwner, net: Money): Promise<StoredLine> {
  return lineOf(await whatWasSold(tx, owner), net);
}

/** The stored method that the subscription is paid with, where we know it. */
export async function paymentMethodOf(tx: Db, owner: MoneyOwner): Promise<string | null> {
  if (owner.subscriptionId === null) return null;
  const row = await tx.findOne(SubscriptionEntity, { id: owner.subscriptionId });
  return row?.paymentMethodId ?? null;
}

export function ownerColumns(owner: MoneyOwner) {
  const { projectId, live, organizationId, provider, checkoutId, subscriptionId } = owner;
  return { projectId, live, organizationId, provider, checkoutId, subscriptionId };
}

function lineOf({ name, quantity }: Sold, net: Money): StoredLine {
  return { description: name, quantity, ...net, periodStart: null, periodEnd: null };
}

async function whatWasSold(tx: Db, owner: MoneyOwner): Promise<Sold> {
  const { projectId, checkoutId, subscriptionId } = owner;
  const subscription =
    subscriptionId === null ? null : await tx.findOne(SubscriptionEntity, { id: subscriptionId, projectId });
  const row =
    subscription ?? (checkoutId === null ? null : await tx.findOne(CheckoutEntity, { id: checkoutId, projectId }));
  const plan = row?.planId == null ? null : await tx.findOne(PlanEntity, { id: row.planId, projectId });
  return {
    name: plan?.name ?? 'Purchase',
    quantity: row?.quantity ?? 1,
    paymentMethodId: subscription?.paymentMethodId ?? null,
  };
}
