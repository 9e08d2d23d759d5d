import type { Invoice } from '../db/entities/payment.ts';
import type { InvoiceAnswer } from '../api/schemas/invoice.ts';
import { isoOrNull, moneyOrNull, toMoney } from './values.ts';

/** Where an invoice can be seen and loaded. */
export interface InvoiceLinks {
  readonly hostedUrl: string | null;
  readonly pdfUrl: string | null;
}

/** @param links Default: what the provider gave for keeps. Links of hours are made when the invoice is read. */
export function presentInvoice(row: Invoice, links: InvoiceLinks = row): InvoiceAnswer {
  return {
    id: row.id,
    organization_id: row.organizationId,
    subscription_id: row.subscriptionId,
    checkout_id: row.checkoutId,
    number: row.number,
    status: row.status,
    amount: toMoney(row.totalMinor, row.currency),
    amount_paid: toMoney(row.amountPaidMinor, row.currency),
    amount_refunded: toMoney(row.amountRefundedMinor, row.currency),
    tax: moneyOrNull(row.taxMinor, row.currency),
    line_items: row.lineItems.map((line) => ({
      description: line.description,
      quantity: line.quantity,
      amount: toMoney(line.amountMinor, line.currency),
      period_start: line.periodStart,
      period_end: line.periodEnd,
    })),
    billing_reason: row.billingReason,
    period_start: isoOrNull(row.periodStart),
    period_end: isoOrNull(row.periodEnd),
    invoice_date: isoOrNull(row.issuedAt),
    due_date: isoOrNull(row.dueAt),
    paid_at: isoOrNull(row.paidAt),
    payment_method_id: row.paymentMethodId,
    provider_payment_id: row.providerPaymentId,
    hosted_invoice_url: links.hostedUrl,
    invoice_pdf_url: links.pdfUrl,
    provider: row.provider,
    provider_invoice_id: row.providerInvoiceId,
  };
}
