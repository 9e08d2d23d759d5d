import type { Invoice } from '../db/entities/payment.ts';
import type { InvoiceAnswer } from '../api/schemas/invoice.ts';
import { isoOrNull, moneyOrNull, toMoney } from './values.ts';

export function presentInvoice(row: Invoice): InvoiceAnswer {
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
    line_items: [],
    period_start: isoOrNull(row.periodStart),
    period_end: isoOrNull(row.periodEnd),
    invoice_date: isoOrNull(row.issuedAt),
    due_date: null,
    paid_at: isoOrNull(row.paidAt),
    payment_method_id: null,
    provider_payment_id: null,
    hosted_invoice_url: row.hostedUrl,
    invoice_pdf_url: row.pdfUrl,
    provider: row.provider,
    provider_invoice_id: row.providerInvoiceId,
  };
}
