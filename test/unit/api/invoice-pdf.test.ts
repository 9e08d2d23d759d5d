import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { invoicePaper } from '../../../src/api/invoice/invoice-paper.ts';
import { invoicePdf } from '../../../src/api/invoice/invoice-pdf.ts';
import { invoiceWords } from '../../../src/api/invoice/invoice-words.ts';
import type { Invoice } from '../../../src/db/entities/payment.ts';

const day = new Date('2026-11-21T23:30:00.000Z');

function anInvoice(changes: Partial<Invoice> = {}): Invoice {
  return {
    ...{ id: 'inv_1', projectId: 'p', live: false, organizationId: 'org_1', checkoutId: null, subscriptionId: null },
    ...{ provider: 'acme', providerInvoiceId: null, number: '2026-000007', status: 'paid', currency: 'USD' },
    ...{ totalMinor: 5800, amountPaidMinor: 5800, amountRefundedMinor: 0, taxMinor: 900, billingReason: null },
    ...{
      periodStart: null,
      periodEnd: null,
      issuedAt: day,
      paidAt: day,
      dueAt: day,
      hostedUrl: null,
      pdfUrl: null,
      providerObjectId: null,
    },
    lineItems: [
      {
        description: 'Starter Kit',
        quantity: 1,
        amountMinor: 4900,
        currency: 'USD',
        periodStart: null,
        periodEnd: null,
      },
    ],
    ...{ paymentMethodId: null, providerPaymentId: null, createdAt: day, updatedAt: day, ...changes },
  };
}

const paperOf = (invoice: Invoice, accepted = 'en', name: string | null = 'Ada Byron') =>
  invoicePaper({
    ...{ invoice, seller: 'Shop', isMerchantOfRecord: false, words: invoiceWords(accepted) },
    organization: { id: 'org_1', name, email: null, country: 'US' },
  });

/** The words of a PDF: its streams unpacked, its strings decoded from hex. */
async function textOf(invoice: Invoice, accepted = 'en', name: string | null = 'Ada Byron'): Promise<string> {
  const pdf = (await invoicePdf(paperOf(invoice, accepted, name))).toString('latin1');
  const streams = [...pdf.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, body = '']) => {
    try {
      return inflateSync(Buffer.from(body, 'latin1')).toString('latin1');
    } catch {
      return '';
    }
  });
  const lines = streams.join('\n').match(/\[.*?\] TJ/g) ?? [];
  return lines
    .map((line) =>
      [...line.matchAll(/<([0-9a-f]*)>/gi)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1')),
    )
    .map((parts) => parts.join(''))
    .join('\n');
}

describe('the PDF of an invoice', () => {
  it('shows number, seller, buyer, lines, tax and totals, and the UTC day of payment', async () => {
    const text = await textOf(anInvoice({ amountRefundedMinor: 1000 }));
    for (const part of [
      'Invoice 2026-000007',
      'Shop',
      'Ada Byron',
      'Starter Kit',
      '49.00 USD',
      '9.00 USD',
      '58.00 USD',
    ])
      expect(text).toContain(part);
    expect(text).toContain('Paid on: November 21, 2026');
    expect(text).toContain('-10.00 USD');
  });

  it.each([
    ['JPY', 5800, '5,800 JPY'],
    ['KWD', 5800, '5.800 KWD'],
  ])('writes %s in its own minor unit', async (currency, totalMinor, expected) => {
    const lineItems = [
      { description: 'x', quantity: 1, amountMinor: totalMinor, currency, periodStart: null, periodEnd: null },
    ];
    expect(await textOf(anInvoice({ currency, totalMinor, taxMinor: null, lineItems }))).toContain(expected);
  });

  it('is in Spanish for who reads Spanish, accents and all', async () => {
    expect(await textOf(anInvoice(), 'es-MX', 'José Núñez')).toMatch(/Factura 2026-000007[\s\S]*José Núñez/);
  });

  it('shows what its letters lack as question marks, and who gave no name by the id', async () => {
    expect(await textOf(anInvoice(), 'en', 'Ада')).toContain('???');
    expect(await textOf(anInvoice(), 'en', null)).toContain('org_1');
  });

  it('goes on over pages when there are many lines', async () => {
    const line = { quantity: 1, amountMinor: 1, currency: 'USD', periodStart: null, periodEnd: null };
    const lineItems = Array.from({ length: 120 }, (_, index) => ({ ...line, description: `Line ${index + 1}` }));
    const text = await textOf(anInvoice({ lineItems }));
    for (const index of [1, 60, 120]) expect(text).toContain(`Line ${index}\n`);
  });

  it('has a line even where none is known', () => {
    expect(paperOf(anInvoice({ lineItems: [] })).lines).toMatchObject([{ quantity: '1', amount: '49.00 USD' }]);
  });
});
