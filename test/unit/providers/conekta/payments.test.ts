import { afterEach, describe, expect, it } from 'vitest';
import { createConektaApi } from '../../../../src/providers/conekta/client.ts';
import { createConektaPayments } from '../../../../src/providers/conekta/payments.ts';
import { createConektaRefunds } from '../../../../src/providers/conekta/refunds.ts';
import type { CreatePaymentInput } from '../../../../src/providers/port-money.ts';
import declined from '../../../fixtures/conekta/error-declined.json' with { type: 'json' };
import challenge from '../../../fixtures/conekta/order-3ds-challenge.json' with { type: 'json' };
import refunded from '../../../fixtures/conekta/order-partially-refunded.json' with { type: 'json' };
import pending from '../../../fixtures/conekta/order-spei-pending.json' with { type: 'json' };
import { startStubServer, type StubAnswer, type StubRequest, type StubServer } from '../stub-server.ts';

let server: StubServer;
afterEach(() => server.close());

async function apiThat(answer: (request: StubRequest) => StubAnswer) {
  server = await startStubServer(answer);
  return createConektaApi({ apiKey: 'key_x', baseUrl: server.url, http: { timeoutMs: 1000 } });
}

/** No order yet; `made` is what POST /orders answers. */
const onPost =
  (made: StubAnswer) =>
  ({ method }: StubRequest): StubAnswer =>
    method === 'POST' ? made : { body: { data: [], has_more: false } };
const posted = () => server.requests.filter(({ method }) => method === 'POST');

const aPayment = (more: Partial<CreatePaymentInput> = {}): CreatePaymentInput => ({
  businessId: 'inv_1',
  customer: {
    organizationId: 'org_1',
    providerCustomerId: 'cus_1',
    email: null,
    name: null,
    phone: null,
    address: null,
  },
  amount: { amountMinor: 20_000, currency: 'MXN' },
  description: 'Suscripción Básica',
  source: { kind: 'stored', providerPaymentMethodId: 'src_1', offSession: false },
  returnUrl: 'https://app.example/back',
  metadata: { organization_id: 'org_1' },
  idempotencyKey: 'payment/inv_1/1',
  ...more,
});

describe('a charge at Conekta', () => {
  it('sends a stored card with our ids and asks for 3-D Secure while the buyer is there', async () => {
    const payments = createConektaPayments(await apiThat(onPost({ body: challenge })));
    expect(await payments.create(aPayment())).toMatchObject({ outcome: 'pending', nextAction: { kind: 'redirect' } });
    expect(posted()[0]?.body).toEqual({
      currency: 'MXN',
      customer_info: { customer_id: 'cus_1' },
      line_items: [{ name: 'Suscripción Básica', unit_price: 20_000, quantity: 1 }],
      charges: [{ payment_method: { type: 'card', payment_source_id: 'src_1' }, reference_id: 'inv_1' }],
      metadata: { organization_id: 'org_1', business_id: 'inv_1', call_key: 'payment/inv_1/1' },
      three_ds_mode: 'smart',
      return_url: 'https://app.example/back',
    });
    expect(server.requests[0]?.headers).toMatchObject({
      accept: 'application/vnd.conekta-v2.2.0+json',
      'accept-language': 'es',
      authorization: 'Bearer key_x',
    });
  });

  it('asks nobody when the buyer is away', async () => {
    const payments = createConektaPayments(await apiThat(onPost({ body: challenge })));
    await payments.create(aPayment({ source: { kind: 'stored', providerPaymentMethodId: 'src_1', offSession: true } }));
    expect(posted()[0]?.body).toMatchObject({ processing_mode: 'recurrent' });
    expect(posted()[0]?.body).not.toHaveProperty('three_ds_mode');
  });

  it.each([
    ['oxxo', 'cash'],
    ['cash', 'cash'],
    ['spei', 'spei'],
  ] as const)('says when a voucher of kind %s must be paid', async (method, type) => {
    const payments = createConektaPayments(await apiThat(onPost({ body: pending })));
    const source = { kind: 'voucher', method, expiresAt: '2027-01-01T00:00:00.000Z' } as const;
    expect(await payments.create(aPayment({ source }))).toMatchObject({
      outcome: 'pending',
      nextAction: null,
      value: { voucher: { kind: 'spei' } },
    });
    expect(posted()[0]?.body).toMatchObject({ charges: [{ payment_method: { type, expires_at: 1_798_761_600 } }] });
  });

  it('takes a decline with the order it made, and never makes another', async () => {
    const payments = createConektaPayments(await apiThat(onPost({ status: 402, body: declined })));
    expect(await payments.create(aPayment())).toMatchObject({
      outcome: 'declined',
      declineCode: 'suspected_fraud',
      providerCode: 'suspected_fraud',
      value: { providerObjectId: 'ord_2tUyQmZyykejbbw8m', state: 'declined' },
    });
    expect(posted()).toHaveLength(1);
  });

  it('leaves a lost answer unknown', async () => {
    const payments = createConektaPayments(await apiThat(onPost('cut')));
    expect(await payments.create(aPayment())).toMatchObject({ outcome: 'unknown', reason: 'api_error' });
    expect(posted()).toHaveLength(1);
  });

  it('answers a repeated key with its order, and refuses it for another amount', async () => {
    const made = { ...refunded, metadata: { business_id: 'inv_1', call_key: 'payment/inv_1/1' } };
    const payments = createConektaPayments(await apiThat(() => ({ body: { data: [made], has_more: false } })));
    const input = aPayment({ amount: { amountMinor: 40_000, currency: 'MXN' } });
    expect(await payments.create(input)).toMatchObject({ outcome: 'succeeded', value: { providerObjectId: made.id } });
    await expect(payments.create(aPayment())).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      kind: 'conflict',
    });
    expect(posted()).toHaveLength(0);
  });

  it.each([
    [{ amountMinor: 299, currency: 'MXN' }, 'amount_out_of_range'],
    [{ amountMinor: 0, currency: 'MXN' }, 'amount_out_of_range'],
    [{ amountMinor: 2000, currency: 'USD' }, 'not_supported_by_provider'],
  ])('refuses %j before anything is sent', async (amount, code) => {
    const payments = createConektaPayments(await apiThat(onPost({ body: challenge })));
    await expect(payments.create(aPayment({ amount }))).rejects.toMatchObject({ code, kind: 'invalid' });
    expect(server.requests).toHaveLength(0);
  });

  it('finds what carries our id on any page, and does not call a cut search empty', async () => {
    const own = { ...refunded, metadata: { business_id: 'inv_1' } };
    const pages = [
      { data: [{ ...refunded, id: 'ord_a' }], has_more: true },
      { data: [own], has_more: false },
    ];
    const payments = createConektaPayments(await apiThat(() => ({ body: pages.shift() })));
    const query = { businessId: 'inv_1', providerCustomerId: null, createdAfter: '2026-01-01T00:00:00.000Z' };
    expect(await payments.find(query)).toMatchObject([{ providerObjectId: own.id }]);
    expect(server.requests.map(({ path }) => new URL(path, 'http://x').searchParams.get('next'))).toEqual([
      null,
      'ord_a',
    ]);
    await server.close();
    const endless = createConektaPayments(
      await apiThat(() => ({ body: { data: [{ ...refunded, metadata: {} }], has_more: true } })),
    );
    await expect(endless.find(query)).rejects.toMatchObject({ code: 'provider_list_too_long', kind: 'unavailable' });
  });
});

describe('a refund at Conekta', () => {
  const input = {
    refundId: 'ref_1',
    refundedMinor: 15_000,
    providerPaymentId: refunded.charges.data[0]?.id ?? '',
    providerInvoiceId: refunded.id,
    amount: { amountMinor: 25_000, currency: 'MXN' },
    reason: 'duplicate',
    idempotencyKey: 'refund/ref_1',
  } as const;

  it('knows its own row among older ones', async () => {
    const [charge] = refunded.charges.data;
    const rows = [...(charge?.refunds.data ?? []), { id: 'new', amount: -25_000, created_at: 1_678_300_000 }];
    const after = { ...refunded, amount_refunded: 40_000, charges: { data: [{ ...charge, refunds: { data: rows } }] } };
    const refunds = createConektaRefunds(
      await apiThat(({ method }) => ({ body: method === 'POST' ? after : refunded })),
    );
    expect(await refunds.create(input)).toMatchObject({
      outcome: 'succeeded',
      value: {
        providerRefundId: 'new',
        refundId: 'ref_1',
        amount: { amountMinor: 25_000, currency: 'MXN' },
      },
    });
    expect(posted()[0]?.body).toEqual({ amount: 25_000, reason: 'duplicated_transaction' });
  });

  it('is known again by the sum, and sent no second time', async () => {
    const refunds = createConektaRefunds(await apiThat(() => ({ body: refunded })));
    const repeat = { ...input, refundedMinor: 0, amount: { amountMinor: 15_000, currency: 'MXN' } };
    const first = refunded.charges.data[0]?.refunds.data[0]?.id;
    expect(await refunds.create(repeat)).toMatchObject({
      outcome: 'succeeded',
      value: { providerRefundId: first, refundId: 'ref_1', amount: { amountMinor: 15_000 } },
    });
    expect(posted()).toHaveLength(0);
  });

  it.each([
    { refundedMinor: 0, amountMinor: 7_000 },
    { refundedMinor: 10_000, amountMinor: 10_000 },
    // The sum fits, but no one refund of that amount made it up.
    { refundedMinor: 5_000, amountMinor: 10_000 },
  ])('is not guessed at when the sums differ: %o', async ({ refundedMinor, amountMinor }) => {
    const refunds = createConektaRefunds(await apiThat(() => ({ body: refunded })));
    const other = { ...input, refundedMinor, amount: { amountMinor, currency: 'MXN' } };
    await expect(refunds.create(other)).rejects.toMatchObject({
      code: 'refund_state_differs',
      kind: 'conflict',
      details: { refunded_minor: refundedMinor, provider_refunded_minor: 15_000 },
    });
    expect(posted()).toHaveLength(0);
  });

  it('refuses more than is left, and what was never paid, without asking', async () => {
    const refunds = createConektaRefunds(await apiThat(() => ({ body: refunded })));
    await expect(refunds.create({ ...input, amount: { amountMinor: 25_001, currency: 'MXN' } })).rejects.toMatchObject({
      code: 'refund_exceeds_payment',
      details: { refundable_minor: 25_000 },
    });
    await server.close();
    const unpaid = createConektaRefunds(await apiThat(() => ({ body: pending })));
    await expect(unpaid.create(input)).rejects.toMatchObject({ code: 'payment_not_refundable' });
    expect(posted()).toHaveLength(0);
  });
});
