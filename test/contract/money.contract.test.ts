import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { abilitiesOf, operationsOf } from '../../src/providers/accounts.ts';
import type { CreateRefundInput } from '../../src/providers/port-money.ts';
import { cards, everything, key, providersWith, sell, subscribe, tokenOf, type Sale } from './sales.ts';
import { createWorld, nextId, priceAt, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterEach(() => world.control('DELETE', 'faults'));
afterAll(() => world.close());

describe.each(providersWith('refunds.create', 'refunds.list'))('refunds at %s', (provider) => {
  const refundsOf = (sale: Sale) => {
    const { refunds } = sale.account.client;
    if (!refunds || !sale.truth.payment) throw new Error('nothing to refund');
    return { refunds, payment: sale.truth.payment };
  };
  const aRefund = (sale: Sale, amountMinor: number, refundedMinor = 0): CreateRefundInput => {
    const { payment } = refundsOf(sale);
    return {
      refundId: nextId('re'),
      refundedMinor,
      providerPaymentId: payment.providerPaymentId,
      providerInvoiceId: payment.providerInvoiceId,
      amount: { ...payment.amount, amountMinor },
      reason: 'requested_by_customer',
      ...key(),
    };
  };
  const listed = (sale: Sale) => {
    const { refunds, payment } = refundsOf(sale);
    const { providerPaymentId, providerInvoiceId } = payment;
    return refunds.list({ providerPaymentId, providerInvoiceId });
  };
  const refundedMinor = async (sale: Sale) =>
    (await sale.account.client.checkouts.get(sale.providerCheckoutId))?.payment?.refundedMinor;

  it('pay back in parts until nothing is left, and no more', async () => {
    const sale = await sell(world, provider);
    const { refunds, payment } = refundsOf(sale);
    const whole = payment.amount.amountMinor;
    const first = await refunds.create(aRefund(sale, 10_000));
    expect(first).toMatchObject({
      outcome: expect.stringMatching(/succeeded|pending/),
      value: { amount: { amountMinor: 10_000 } },
    });
    expect(await refundedMinor(sale)).toBe(10_000);
    await expect(refunds.create(aRefund(sale, whole, 10_000))).rejects.toMatchObject({
      code: 'refund_exceeds_payment',
      kind: 'conflict',
    });
    expect((await refunds.create(aRefund(sale, whole - 10_000, 10_000))).outcome).toMatch(/succeeded|pending/);
    expect(await refundedMinor(sale)).toBe(whole);
    await expect(refunds.create(aRefund(sale, 1, whole))).rejects.toMatchObject({ kind: 'conflict' });
    const rows = await listed(sale);
    expect(rows.map((refund) => refund.amount.amountMinor).toSorted((a, b) => a - b)).toEqual(
      [10_000, whole - 10_000].toSorted((a, b) => a - b),
    );
  });

  it('are made once though the call is repeated, with the same body or another', async () => {
    const sale = await sell(world, provider);
    const { refunds } = refundsOf(sale);
    const input = aRefund(sale, 5_000);
    const first = await refunds.create(input);
    const again = await refunds.create(input);
    expect(again).toEqual(first);
    const other = { ...input, amount: { ...input.amount, amountMinor: 7_000 } };
    await refunds.create(other).catch(() => undefined);
    expect(await refundedMinor(sale)).toBe(5_000);
  });

  it.each(['timeout_after_work', 'malformed', 'status'])('are asked about after %s, never made twice', async (kind) => {
    const sale = await sell(world, provider);
    const { refunds } = refundsOf(sale);
    const input = aRefund(sale, 4_000);
    await world.fault(provider, kind, { operation: 'refunds.create', ...(kind === 'status' && { status: 502 }) });
    expect(await refunds.create(input)).toMatchObject({ outcome: 'unknown' });
    const found = (await listed(sale)).filter((refund) => refund.amount.amountMinor === 4_000);
    expect(found).toHaveLength(kind === 'status' ? 0 : 1);
    expect((await refunds.create(input)).outcome).toMatch(/succeeded|pending/);
    expect(await refundedMinor(sale)).toBe(4_000);
  });

  it('are told in one decisive event that finds the payment', async () => {
    const sale = await sell(world, provider);
    await world.facts(provider, '');
    const before = world.deliveries(provider).length;
    await refundsOf(sale).refunds.create(aRefund(sale, 3_000));
    const own = new Set(sale.truth.objects.map(({ id }) => id));
    const told = (await world.factsSince(provider, before)).filter(
      (fact) => fact.isDecisive && (own.has(fact.objectId) || fact.related.some(({ id }) => own.has(id))),
    );
    expect(told.length).toBeGreaterThanOrEqual(1);
  });

  it('answer nothing about payments nobody knows', async () => {
    const sale = await sell(world, provider);
    const { refunds, payment } = refundsOf(sale);
    const stranger = `${payment.providerPaymentId.slice(0, -4)}0000`;
    await expect(
      refunds.create({ ...aRefund(sale, 100), providerPaymentId: stranger, providerInvoiceId: stranger }),
    ).rejects.toMatchObject({ kind: expect.stringMatching(/not_found|invalid|conflict/) });
  });
});

describe.each(providersWith('disputes.list', 'disputes.get'))('disputes at %s', (provider) => {
  it('are read, and how they end', async () => {
    const sale = await sell(world, provider);
    const { disputes } = sale.account.client;
    const paymentId = sale.truth.payment?.providerPaymentId ?? '';
    const createdAfter = new Date(Date.now() - 3_600_000).toISOString();
    const path = `payments/${provider}/${encodeURIComponent(paymentId)}/dispute`;
    const answer = await world.control('POST', path, { reason: 'fraudulent' });
    const opened = z.object({ dispute_id: z.string() }).parse(answer);
    const all = await everything((query) => disputes?.list({ createdAfter, ...query }) ?? Promise.reject(new Error()));
    const own = all.find((dispute) => dispute.providerPaymentId === paymentId);
    expect(own).toMatchObject({ status: expect.stringMatching(/needs_response|under_review/) });
    expect(own?.amount).toEqual(sale.truth.payment?.amount);
    const id = own?.providerDisputeId ?? '';
    const theirs = encodeURIComponent(opened.dispute_id);
    await world.control('POST', `disputes/${provider}/${theirs}/close`, { outcome: 'lost' });
    expect(await disputes?.get(id)).toMatchObject({ status: 'lost' });
    expect(await disputes?.get(`${id.slice(0, -4)}0000`)).toBeNull();
  });
});

describe.each(providersWith('invoices.get', 'invoices.list'))('invoices at %s', (provider) => {
  it('are listed to the end, newest first, and read alone', async () => {
    const sale = await subscribe(world, provider);
    const { invoices } = sale.account.client;
    const { providerCustomerId } = sale;
    const all = await everything(
      (query) => invoices?.list({ providerCustomerId, ...query }) ?? Promise.reject(new Error()),
    );
    expect(all.length).toBeGreaterThanOrEqual(1);
    expect(new Set(all.map((invoice) => invoice.providerInvoiceId)).size).toBe(all.length);
    const [newest] = all;
    expect(newest).toMatchObject({ status: 'paid', providerCustomerId });
    expect(newest?.lines.length).toBeGreaterThanOrEqual(1);
    expect(await invoices?.get(newest?.providerInvoiceId ?? '')).toEqual(newest);
    expect(await invoices?.get(`${newest?.providerInvoiceId.slice(0, -4) ?? ''}0000`)).toBeNull();
  });
});

describe.each(providersWith('portal.create'))('the portal of %s', (provider) => {
  it('opens for the customer, and not with a made-up link', async () => {
    const sale = await subscribe(world, provider);
    const made = await sale.account.client.portal?.create({
      ...{ providerCustomerId: sale.providerCustomerId, returnUrl: 'https://app.example/billing' },
      ...{ providerSubscriptionId: sale.ref.providerSubscriptionId, ...key() },
    });
    const page = await fetch(made?.url ?? '', { redirect: 'follow' });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<html');
  });
});

describe.each(providersWith('paymentMethods.attach'))('payment methods at %s', (provider) => {
  const has = (name: string) => operationsOf(provider).includes(`paymentMethods.${name}`);
  async function aCustomer() {
    const account = world.account(provider);
    const organizationId = nextId('org');
    const { providerCustomerId } = await account.client.customers.create({
      ...{ organizationId, providerCustomerId: null, email: `${organizationId}@example.com`, address: null },
      ...{ name: 'Ada Example', phone: '+525555555555', ...key() },
    });
    const { paymentMethods } = account.client;
    if (!paymentMethods?.attach) throw new Error('cannot attach');
    return { account, providerCustomerId, paymentMethods, attach: paymentMethods.attach.bind(paymentMethods) };
  }
  const anAttachment = async (providerCustomerId: string, number: string, setAsDefault = true) => ({
    ...{ providerCustomerId, setAsDefault, token: await tokenOf(world, provider, number), billingAddress: null },
    ...{ returnUrl: 'https://app.example/back', ...key() },
  });

  it('are attached by token, listed, made default and detached', async () => {
    const { providerCustomerId, paymentMethods, attach } = await aCustomer();
    const first = await attach(await anAttachment(providerCustomerId, cards.good));
    expect(first).toMatchObject({ outcome: 'succeeded', value: { type: 'card', last4: '4242', isDefault: true } });
    const second = await attach(await anAttachment(providerCustomerId, '5555555555554444', false));
    if (first.outcome !== 'succeeded' || second.outcome !== 'succeeded') throw new Error('not attached');
    expect(second.value).toMatchObject({ last4: '4444', isDefault: false, expYear: expect.any(Number) });
    const all = await everything((query) => paymentMethods.list({ providerCustomerId, ...query }));
    expect(new Set(all.map(({ last4 }) => last4))).toEqual(new Set(['4242', '4444']));
    const ref = { providerCustomerId, providerPaymentMethodId: second.value.providerPaymentMethodId };
    await paymentMethods.setDefault?.({ ...ref, ...key() });
    expect(await paymentMethods.get(ref)).toMatchObject({ isDefault: has('setDefault'), last4: '4444' });
    await paymentMethods.detach({ ...ref, ...key() });
    await paymentMethods.detach({ ...ref, ...key() });
    expect(await paymentMethods.get(ref)).toBeNull();
  });

  it('refuse a token that is nobody’s', async () => {
    const { providerCustomerId, attach } = await aCustomer();
    const input = await anAttachment(providerCustomerId, cards.good);
    await expect(attach({ ...input, token: `${input.token.slice(0, -4)}0000` })).rejects.toMatchObject({
      code: 'token_invalid',
      kind: 'invalid',
    });
  });
});

describe.each(providersWith('payments.create', 'paymentMethods.attach'))('payments at %s', (provider) => {
  const challenged = new Set<string>();
  const amount = priceAt(provider);
  async function charge(number: string, businessId = nextId('chk'), idempotencyKey = nextId('key')) {
    const { client } = world.account(provider);
    const organizationId = nextId('org');
    const customer = {
      ...{ organizationId, email: `${organizationId}@example.com`, name: 'Ada Example', phone: '+525555555555' },
      address: null,
    };
    const made = await client.customers.create({ ...customer, providerCustomerId: null, ...key() });
    const { providerCustomerId } = made;
    const attached = await client.paymentMethods?.attach?.({
      ...{
        providerCustomerId,
        setAsDefault: true,
        token: await tokenOf(world, provider, number),
        billingAddress: null,
      },
      ...{ returnUrl: 'https://app.example/back', ...key() },
    });
    const stored = attached && 'value' in attached ? attached.value : null;
    if (!stored || !client.payments) throw new Error(`not attached: ${JSON.stringify(attached)}`);
    const { providerPaymentMethodId } = stored;
    const input = {
      ...{ businessId, amount, description: 'Starter kit', returnUrl: 'https://app.example/back', idempotencyKey },
      customer: { ...customer, providerCustomerId },
      source: { kind: 'stored', providerPaymentMethodId, offSession: true } as const,
      metadata: { checkout_id: businessId, organization_id: organizationId, project_id: 'default' },
    };
    return { payments: client.payments, input, providerCustomerId, businessId };
  }

  it('succeed with a stored card, once though repeated', async () => {
    const { payments, input, providerCustomerId, businessId } = await charge(cards.good);
    const first = await payments.create(input);
    expect(first).toMatchObject({ outcome: 'succeeded', value: { state: 'succeeded', amount } });
    await payments.create(input).catch(() => undefined);
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    const found = await payments.find({ businessId, providerCustomerId, createdAfter });
    expect(found.filter((payment) => payment.state === 'succeeded')).toHaveLength(1);
    expect(await payments.get(found[0]?.providerObjectId ?? '')).toMatchObject({ state: 'succeeded' });
  });

  it('are declined as an answer', async () => {
    const { payments, input } = await charge(cards.declinesLater);
    expect(await payments.create(input)).toMatchObject({ outcome: 'declined', declineCode: expect.any(String) });
  });

  it.each(cards.challenged)('ask for the buyer where the bank wants to see them (%s)', async (number) => {
    const { payments, input } = await charge(number);
    const answer = await payments.create({ ...input, source: { ...input.source, offSession: false } });
    // Each test mode knows one of these cards; the other one simply pays there.
    const isAsked = answer.outcome === 'pending';
    expect(isAsked ? answer.value.state : 'requires_action').toBe('requires_action');
    expect(isAsked ? answer.nextAction : { kind: 'paid' }).not.toBeNull();
    expect(['pending', 'succeeded']).toContain(answer.outcome);
    challenged.add(isAsked ? provider : 'nobody');
  });

  it('have asked for the buyer at least once', () => {
    expect([...challenged]).toContain(provider);
  });

  it('are found after the answer was lost', async () => {
    const { payments, input, providerCustomerId, businessId } = await charge(cards.good);
    await world.fault(provider, 'timeout_after_work', { operation: 'payments.create' });
    await world.fault(provider, 'timeout_after_work', { operation: 'orders.create' });
    expect(await payments.create(input)).toMatchObject({ outcome: 'unknown', reason: 'timeout' });
    await world.control('DELETE', 'faults');
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    expect(await payments.find({ businessId, providerCustomerId, createdAfter })).toMatchObject([
      { state: 'succeeded' },
    ]);
  });

  it('are refused below the smallest amount', async () => {
    const { payments, input } = await charge(cards.good);
    await expect(payments.create({ ...input, amount: { ...amount, amountMinor: 1 } })).rejects.toMatchObject({
      code: 'amount_out_of_range',
      kind: 'invalid',
    });
  });
});

const whole = ['JPY', 'KWD'] as const;
describe.each(
  providersWith('checkouts.create').flatMap((provider) =>
    whole.flatMap((currency) => (charges(provider, currency) ? [[currency, provider] as const] : [])),
  ),
)('%s at %s', (currency, provider) => {
  it('is charged to the minor unit', async () => {
    const amountMinor = currency === 'JPY' ? 500 : 12_340;
    const sale = await sell(world, provider, { currency, amountMinor });
    expect(sale.truth.payment?.amount).toEqual({ amountMinor, currency });
    const ledger = await world.control('GET', `ledger?provider=${provider}`);
    expect(ledger).toContainEqual(expect.objectContaining({ amount_minor: amountMinor, currency, kind: 'charge' }));
  });
});

function charges(provider: string, currency: string): boolean {
  const { currencies, needsProviderPrice } = abilitiesOf(provider);
  const isServed = 'only' in currencies ? currencies.only.includes(currency) : !currencies.except.includes(currency);
  return isServed && !needsProviderPrice.includes('payment');
}
