import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import type { InvoiceOperations } from '../../../src/providers/port-money.ts';
import { fakeProviders } from './fake-providers.ts';
import { aSaleOf } from './money-rows.ts';
import { startApi, type TestApi } from './support.ts';

const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
/** What the provider says of its paper now; null: it is away. */
let document: Awaited<ReturnType<NonNullable<InvoiceOperations['document']>>> | null = { state: 'none' };
let asked = 0;

let api: TestApi;
beforeAll(async () => {
  const providers = fakeProviders();
  api = await startApi({
    keyRing,
    providers: {
      ...providers,
      async account(projectId, live, id) {
        const account = await providers.account(projectId, live, id);
        if (account === null || id !== 'world') return account;
        const invoices: InvoiceOperations = {
          get: () => Promise.reject(new Error('not asked for')),
          list: () => Promise.reject(new Error('not asked for')),
          async document() {
            asked += 1;
            if (document === null) throw new Error('away');
            return document;
          },
        };
        return { ...account, client: { ...account.client, invoices } };
      },
    },
  });
});
afterAll(() => api?.close());

interface InvoiceView {
  readonly hosted_invoice_url: string;
  readonly invoice_pdf_url: string;
}

async function read(id: string): Promise<InvoiceView> {
  return (await api.call('GET', `/billing/invoices/${id}`)).body as unknown as InvoiceView;
}

/** The same address on this machine's port. */
const visit = (url: string, headers: Record<string, string> = {}) =>
  fetch(url.replace('http://api.test', api.url), { headers });

describe('an invoice', () => {
  it('shows its lines, dates and sums', async () => {
    const { invoiceId } = await aSaleOf(api, { provider: 'merchant', tax: 900 });
    expect((await api.call('GET', `/billing/invoices/${invoiceId}`)).body).toMatchObject({
      ...{ number: '2026-000042', status: 'paid', tax: { amount_minor: 900, currency: 'USD' } },
      line_items: [{ description: 'Starter Kit', quantity: 1, amount: { amount_minor: 4000, currency: 'USD' } }],
      ...{ due_date: '2026-11-21T00:00:00.000Z', billing_reason: null, provider_invoice_id: null },
    });
  });

  it('has a page and a PDF of ours that need no key, in the reader’s language', async () => {
    const { invoiceId } = await aSaleOf(api, { provider: 'local', amount: 1234567, currency: 'MXN' });
    const { hosted_invoice_url: hosted, invoice_pdf_url: pdf } = await read(invoiceId);
    const page = await visit(hosted, { 'accept-language': 'es-MX,es;q=0.9' });
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toContain('no-store');
    const html = await page.text();
    expect(html).toContain('Factura 2026-000042');
    expect(html).toContain('Ada &amp; Söhne');
    expect(html).toContain('12,345.67 MXN');
    const paper = await visit(pdf);
    expect(paper.headers.get('content-type')).toBe('application/pdf');
    expect(
      Buffer.from(await paper.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
    const keyed = await fetch(`${api.url}/api/v1/billing/invoices/${invoiceId}/pdf`, {
      headers: { authorization: `Bearer ${api.keys.reader}` },
    });
    expect(keyed.headers.get('content-type')).toBe('application/pdf');
  });

  it('is called a summary where a merchant of record sold it', async () => {
    const { invoiceId } = await aSaleOf(api, { provider: 'merchant' });
    const html = await (await visit((await read(invoiceId)).hosted_invoice_url)).text();
    expect(html).toContain('Payment summary');
    expect(html).toContain('merchant of record');
  });

  it('gives no page for a link that was changed, has run out, or is of something else', async () => {
    const { invoiceId } = await aSaleOf(api);
    const sealed = (claim: string) => keyRing.encrypt(Buffer.from(claim)).toString('base64url');
    const { hosted_invoice_url: hosted } = await read(invoiceId);
    const token = hosted.split('/').at(-1) ?? '';
    const changed = token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA');
    for (const bad of [
      changed,
      'x',
      sealed(`invoice|default|${invoiceId}|1`),
      sealed(`portal|default|${invoiceId}|9999999999`),
    ]) {
      const answer = await fetch(`${api.url}/invoices/${bad}`);
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('not valid any more');
      expect((await fetch(`${api.url}/invoices/${bad}/pdf`)).status).toBe(404);
    }
    expect(api.logs.join('')).not.toContain(token);
  });

  it('links to the provider’s paper as it is now, and to ours while there is none', async () => {
    const { invoiceId } = await aSaleOf(api, { provider: 'world' });
    await api.query('update invoices set provider_invoice_id = id where id = ?', [invoiceId]);
    document = { state: 'ready', pdfUrl: 'https://provider.example/short-lived', hostedUrl: null };
    expect(await read(invoiceId)).toMatchObject({ invoice_pdf_url: 'https://provider.example/short-lived' });
    for (const state of [{ state: 'generating' } as const, null]) {
      document = state;
      expect((await read(invoiceId)).invoice_pdf_url).toMatch(/^http:\/\/api\.test\/invoices\/.+\/pdf$/);
    }
    const [row] = await api.query('select hosted_url, pdf_url from invoices where id = ?', [invoiceId]);
    expect(row).toEqual({ hosted_url: null, pdf_url: null });
    const before = asked;
    await api.call('GET', '/billing/invoices');
    expect(asked).toBe(before);
  });

  it('of another project, mode or organization is not there', async () => {
    const { invoiceId } = await aSaleOf(api);
    for (const key of [api.keys.other, api.keys.live])
      for (const path of ['', '/pdf'])
        expect((await api.call('GET', `/billing/invoices/${invoiceId}${path}`, { key })).status).toBe(404);
  });
});
