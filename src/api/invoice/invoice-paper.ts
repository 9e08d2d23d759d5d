import type { Organization } from '../../db/entities/organization.ts';
import type { Invoice } from '../../db/entities/payment.ts';
import { amountText } from '../../present/amount-text.ts';
import type { InvoiceWords } from './invoice-words.ts';

/** What stands on our own invoice, as text: the PDF and the page show the same. */
export interface InvoicePaper {
  readonly title: string;
  readonly note: string | null;
  readonly seller: string;
  readonly buyer: readonly string[];
  /** Label and value: date, paid on. */
  readonly facts: readonly (readonly [string, string])[];
  readonly status: string;
  readonly lines: readonly {
    readonly description: string;
    readonly period: string | null;
    readonly quantity: string;
    readonly amount: string;
  }[];
  /** Label and amount, in order; the last total-like one counts. */
  readonly sums: readonly (readonly [string, string])[];
  readonly words: InvoiceWords;
}

/** Composes an invoice's paper from rows. Without personal data of the organization its id stands for it. */
export function invoicePaper(input: {
  readonly invoice: Invoice;
  readonly seller: string;
  readonly organization: Pick<Organization, 'id' | 'name' | 'email' | 'country'> | null;
  readonly isMerchantOfRecord: boolean;
  readonly words: InvoiceWords;
}): InvoicePaper {
  const { invoice, organization, words } = input;
  const kind = input.isMerchantOfRecord ? words.summary : words.invoice;
  const { name = null, email = null, country = null } = organization ?? {};
  return {
    title: `${kind} ${invoice.number ?? invoice.id}`,
    note: input.isMerchantOfRecord ? words.summaryNote : null,
    seller: input.seller,
    buyer: [name ?? invoice.organizationId, email, country].filter((text) => text !== null),
    facts: [fact(words.date, invoice.issuedAt, words), fact(words.paidOn, invoice.paidAt, words)].flat(),
    status: words.status[invoice.status],
    lines: linesOf(invoice, words),
    sums: sumsOf(invoice, words),
    words,
  };
}

function fact(label: string, date: Date | null, words: InvoiceWords): readonly (readonly [string, string])[] {
  return date === null ? [] : [[label, dateText(date, words)]];
}

function linesOf(invoice: Invoice, words: InvoiceWords): InvoicePaper['lines'] {
  const lines = invoice.lineItems.map((line) => ({
    description: line.description,
    period: periodText(line.periodStart, line.periodEnd, words),
    quantity: String(line.quantity),
    amount: amountText(line.amountMinor, line.currency, words.locale),
  }));
  if (lines.length > 0) return lines;
  const net = invoice.totalMinor - (invoice.taxMinor ?? 0);
  const amount = amountText(net, invoice.currency, words.locale);
  return [{ description: words.total, period: null, quantity: '1', amount }];
}

function sumsOf(invoice: Invoice, words: InvoiceWords): InvoicePaper['sums'] {
  const { totalMinor, taxMinor, amountPaidMinor, amountRefundedMinor, currency, status } = invoice;
  const row = (label: string, minor: number): readonly [string, string] => [
    label,
    amountText(minor, currency, words.locale),
  ];
  return [
    ...(taxMinor === null ? [] : [row(words.subtotal, totalMinor - taxMinor), row(words.tax, taxMinor)]),
    row(words.total, totalMinor),
    ...(amountPaidMinor > 0 ? [row(words.paid, amountPaidMinor)] : []),
    ...(amountRefundedMinor > 0 ? [row(words.refunded, -amountRefundedMinor)] : []),
    ...(status === 'open' ? [row(words.due, totalMinor - amountPaidMinor)] : []),
  ];
}

function periodText(start: string | null, end: string | null, words: InvoiceWords): string | null {
  if (start === null || end === null) return null;
  return `${dateText(new Date(start), words)} – ${dateText(new Date(end), words)}`;
}

function dateText(date: Date, { locale }: InvoiceWords): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(date);
}
