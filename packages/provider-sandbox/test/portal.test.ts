import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GENERIC_DECLINE } from '../src/core/cards.ts';
import type { InvoiceView, PortalAction, PortalResult, PortalView } from '../src/portal.ts';
import { type DeskServer, startWithDesks } from './support/desks.ts';

const CARD = { kind: 'add_card', number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123', name: 'Ana López' };
const DAY = Date.UTC(2026, 10, 21);

const aPortal = (over: Partial<PortalView> = {}): PortalView => ({
  provider: 'stripe',
  merchant: 'Sandbox <Merchant>',
  customer: { name: 'Ana López', email: 'ana@example.com' },
  locale: 'en-US',
  returnUrl: 'https://app.example/account',
  subscriptions: [
    {
      id: 'sub_1',
      title: 'Pro plan',
      status: 'active',
      amountMinor: 2900,
      currency: 'USD',
      interval: 'month',
      periodEndsAtMs: DAY,
      endsAtMs: null,
      cancelsAtOnce: false,
      actions: ['cancel', 'pause'],
    },
  ],
  invoices: [
    {
      id: 'in_1',
      number: 'A-0001',
      atMs: DAY,
      amountMinor: 2900,
      currency: 'USD',
      status: 'paid',
      url: 'https://pay.example/i/in_1',
    },
  ],
  paymentMethods: [
    { id: 'pm_1', label: 'Visa •••• 4242', isDefault: true, canRemove: false },
    { id: 'pm_2', label: 'Mastercard •••• 4444', isDefault: false, canRemove: true },
  ],
  canAddCard: true,
  ...over,
});

const anInvoice = (over: Partial<InvoiceView> = {}): InvoiceView => ({
  provider: 'stripe',
  merchant: 'Sandbox Merchant',
  number: 'A-0001',
  status: 'open',
  customer: { name: 'Ana López', email: 'ana@example.com' },
  lines: [{ description: 'Pro plan (ñandú)', quantity: 1, amountMinor: 2500 }],
  taxMinor: 400,
  totalMinor: 2900,
  paidMinor: 0,
  refundedMinor: 0,
  currency: 'USD',
  issuedAtMs: DAY,
  locale: 'en-US',
  isPayable: true,
  ...over,
});

let server: DeskServer;
let view: PortalView;
let invoice: InvoiceView;
let acted: PortalAction[];
let answer: PortalResult;

beforeAll(async () => {
  const pay = (): PortalResult => answer;
  server = await startWithDesks({
    stripe: {
      portal: {
        path: '/p/session',
        desk: {
          provider: 'stripe',
          find: (token) => (token === 'secret' ? view : null),
          act: (_token, action) => (acted.push(action), answer),
        },
      },
      invoices: {
        path: '/i',
        desk: { provider: 'stripe', find: (token) => (token === 'secret' ? invoice : null), pay },
      },
    },
  });
});
beforeEach(() => {
  [view, invoice, acted, answer] = [aPortal(), anInvoice(), [], { kind: 'done' }];
});
afterAll(() => server.close());

const get = (path: string): Promise<Response> => fetch(`${server.url}${path}`);
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers });

describe('the customer portal', () => {
  it('shows what the customer has, escaped, under a policy that runs nothing else', async () => {
    const page = await get('/p/session/secret');
    const text = await page.text();
    for (const part of ['Pro plan', '$29.00', 'Renews on', 'November 21, 2026', 'A-0001', 'Visa •••• 4242'])
      expect(text).toContain(part);
    expect(text).toContain('Sandbox &lt;Merchant&gt;');
    expect(text).not.toContain('<Merchant>');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'sha256-/);
  });

  it('takes the token from the query too, where a provider writes its links so', async () => {
    const page = await get('/p/session?customer_session_token=secret&locale=en');
    expect(page.status).toBe(200);
    expect(new URL(page.url).pathname).toBe('/p/session/secret');
    expect((await get('/p/session?customer_session_token=other')).status).toBe(404);
  });

  it.each([
    [
      { kind: 'cancel', subscription: 'sub_1' },
      { kind: 'cancel', subscriptionId: 'sub_1' },
    ],
    [
      { kind: 'use_payment_method', payment_method: 'pm_2' },
      { kind: 'use_payment_method', paymentMethodId: 'pm_2' },
    ],
    [
      { kind: 'remove_payment_method', payment_method: 'pm_2' },
      { kind: 'remove_payment_method', paymentMethodId: 'pm_2' },
    ],
  ])('does %j and says so', async (fields, action) => {
    const done = await post('/p/session/secret', fields);
    expect(acted).toEqual([action]);
    expect(done.status).toBe(303);
    expect(await (await get(String(done.headers.get('location')))).text()).toContain('role="status"');
  });

  it.each([
    { kind: 'resume', subscription: 'sub_1' },
    { kind: 'cancel', subscription: 'sub_of_another' },
    { kind: 'remove_payment_method', payment_method: 'pm_1' },
    { kind: 'erase_everything' },
  ])('does not do %j, which the page does not offer', async (fields) => {
    const refused = await post('/p/session/secret', fields);
    expect(refused.status).toBe(422);
    expect(acted).toEqual([]);
  });

  it('saves a card, for one subscription or for all', async () => {
    await post('/p/session/secret', { ...CARD, subscription: 'sub_1' });
    await post('/p/session/secret', CARD);
    expect(acted).toMatchObject([
      { kind: 'add_card', subscriptionId: 'sub_1', card: { number: '4242424242424242', expMonth: 12, expYear: 2034 } },
      { kind: 'add_card', subscriptionId: null },
    ]);
  });

  it('shows faulty fields and a decline in the card form', async () => {
    const faulty = await post('/p/session/secret', { ...CARD, number: '4242', name: '' });
    expect(faulty.status).toBe(422);
    expect(await faulty.text()).toContain('Your card number is invalid.');
    expect(acted).toEqual([]);
    answer = { kind: 'declined', decline: GENERIC_DECLINE };
    const declined = await post('/p/session/secret', CARD);
    expect(await declined.text()).toContain('Your card was declined.');
  });

  it('changes nothing for a form of another site', async () => {
    const cancel = { kind: 'cancel', subscription: 'sub_1' };
    expect((await post('/p/session/secret', cancel, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post('/p/session/secret', cancel, { origin: 'https://evil.example' })).status).toBe(403);
    expect(acted).toEqual([]);
    expect((await post('/p/session/secret', cancel, { origin: server.url })).status).toBe(303);
  });

  it('speaks Spanish where the view does, and says when a link is gone', async () => {
    view = aPortal({ locale: 'es-MX', provider: 'conekta', subscriptions: [] });
    expect(await (await get('/p/session/secret')).text()).toContain('No tienes suscripciones.');
    const gone = await get('/p/session/other');
    expect(gone.status).toBe(404);
    expect(await gone.text()).toContain('This link has expired');
  });
});

describe('an invoice page', () => {
  it('takes a card where something is due, and no more where it is paid', async () => {
    const page = await (await get('/i/secret')).text();
    for (const part of ['Invoice A-0001', 'Subtotal', '$25.00', '$4.00', 'Amount due', '4000 0000 0000 0002'])
      expect(page).toContain(part);
    const paid = await post('/i/secret', CARD);
    expect(paid.headers.get('location')).toBe('/i/secret?done=paid');
    invoice = anInvoice({ isPayable: false, status: 'paid', paidMinor: 2900 });
    const after = await (await get('/i/secret?done=paid')).text();
    expect(after).toContain('your payment has been received');
    expect(after).not.toContain('name="number"');
  });

  it('shows a decline and lets the customer try again', async () => {
    answer = { kind: 'declined', decline: GENERIC_DECLINE };
    const declined = await post('/i/secret', CARD);
    expect(declined.status).toBe(422);
    expect(await declined.text()).toContain('Your card was declined.');
  });

  it('is a PDF whose table of objects points at them', async () => {
    const lines = Array.from({ length: 30 }, (_, at) => ({
      description: `Line (${at})`,
      quantity: 1,
      amountMinor: 100,
    }));
    invoice = anInvoice({ lines });
    const answered = await get('/i/secret/pdf');
    expect(answered.headers.get('content-type')).toBe('application/pdf');
    const pdf = Buffer.from(await answered.arrayBuffer()).toString('latin1');
    expect(pdf.startsWith('%PDF-1.4')).toBe(true);
    expect(pdf).toContain('(Line \\(29\\))');
    expect(pdf).toContain('/Count 2');
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(pdf)?.[1]);
    expect(pdf.slice(start, start + 4)).toBe('xref');
    const offsets = [...pdf.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));
    offsets.forEach((offset, at) => expect(pdf.slice(offset).startsWith(`${at + 1} 0 obj`)).toBe(true));
  });
});
