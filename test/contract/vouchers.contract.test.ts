import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abilitiesOf, operationsOf, providerIds } from '../../src/providers/accounts.ts';
import type { CreatePaymentInput } from '../../src/providers/port-money.ts';
import { key } from './sales.ts';
import { createWorld, nextId, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const dayMs = 86_400_000;
const amount = { amountMinor: 49_900, currency: 'MXN' };
const methods = ['oxxo', 'cash', 'spei'] as const;
type Method = (typeof methods)[number];

/** Whether the provider gives out such a voucher for a payment without a page. */
function issues(provider: string, method: Method): boolean {
  const { currencies, paymentMethods } = abilitiesOf(provider);
  const takes = 'only' in currencies ? currencies.only.includes('MXN') : !currencies.except.includes('MXN');
  const offered = paymentMethods.some((each) => each.method === method && each.modes.includes('payment'));
  return takes && offered && operationsOf(provider).includes('payments.create');
}

const pairs = providerIds().flatMap((provider) => methods.map((method) => [method, provider] as const));

it('some provider issues each kind of voucher', () => {
  const issued = pairs.flatMap(([method, provider]) => (issues(provider, method) ? [method] : []));
  expect(new Set(issued)).toEqual(new Set(methods));
});

describe.for(pairs)('a payment by %s at %s', ([method, provider]) => {
  const isIssued = issues(provider, method);
  /** A reference may be good at one chain of shops or at several, whichever was asked for. */
  const kinds = method === 'spei' ? ['spei'] : ['oxxo', 'cash'];
  const shown =
    method === 'spei'
      ? { clabe: expect.stringMatching(/^\d{18}$/) }
      : { reference: expect.stringMatching(/^\d{10,}$/), barcodeUrl: expect.stringMatching(/^https?:\/\//) };

  /** Issued a moment ago, payable for three days. */
  async function aVoucher() {
    const { client } = world.account(provider);
    if (!client.payments) throw new Error('it makes no payments');
    const organizationId = nextId('org');
    const businessId = nextId('inv');
    const person = {
      ...{ organizationId, email: `${organizationId}@example.com`, name: 'Ada Example', phone: '+525555555555' },
      ...{ address: null, providerCustomerId: null },
    };
    const { providerCustomerId } = await client.customers.create({ ...person, ...key() });
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    const input: CreatePaymentInput = {
      ...{ businessId, amount, description: 'Pro, one month', returnUrl: null, ...key() },
      customer: { ...person, providerCustomerId },
      source: { kind: 'voucher', method, expiresAt: new Date(Date.now() + 3 * dayMs).toISOString() },
      metadata: { subscription_id: businessId, organization_id: organizationId, project_id: 'default' },
    };
    const { payments } = client;
    const answer = await payments.create(input);
    if (answer.outcome !== 'pending') throw new Error(`no voucher: ${JSON.stringify(answer)}`);
    const find = () => payments.find({ businessId, providerCustomerId, createdAfter });
    return { payments, input, answer, find, id: answer.value.providerObjectId };
  }

  it.skipIf(!isIssued)('waits with what a customer needs to pay it', async () => {
    const { payments, answer, id } = await aVoucher();
    const { voucher } = answer.value;
    expect(answer).toMatchObject({ nextAction: null, value: { state: 'pending', amount } });
    expect(kinds).toContain(voucher?.kind);
    expect(voucher).toMatchObject(shown);
    const expiresMs = Date.parse(voucher?.expiresAt ?? '');
    expect(expiresMs).toBeGreaterThan(Date.now() + 2 * dayMs);
    expect(expiresMs).toBeLessThan(Date.now() + 5 * dayMs);
    expect(await payments.get(id)).toMatchObject({ state: 'pending', amount, voucher });
  });

  it.skipIf(!isIssued)('is paid, tells it, and names the payment', async () => {
    const { payments, answer, id } = await aVoucher();
    const before = world.deliveries(provider).length;
    await world.complete(provider, id, 'voucher_paid');
    const truth = await payments.get(id);
    expect(truth).toMatchObject({
      ...{ state: 'succeeded', amount, nextAction: null },
      payment: { status: 'succeeded', amount, method: expect.any(String), refundedMinor: 0 },
    });
    expect(Date.parse(truth?.payment?.paidAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
    const known = new Set(answer.value.objects.map((each) => each.id));
    const told = (await world.factsSince(provider, before)).filter(({ isDecisive }) => isDecisive);
    // By what was kept when it was issued, whoever hears of it finds the subscription.
    const isKnown = told.map(({ objectId, related }) =>
      [objectId, ...related.map((each) => each.id)].some((each) => known.has(each)),
    );
    expect(isKnown).toContain(true);
    expect(await payments.cancel({ providerObjectId: id, ...key() })).toBe('already_settled');
  });

  it.skipIf(!isIssued)('is found by what it is for, once though asked for twice', async () => {
    const { payments, input, answer, find, id } = await aVoucher();
    await payments.create(input);
    await aVoucher();
    const { voucher } = answer.value;
    expect(await find()).toMatchObject([{ providerObjectId: id, state: 'pending', voucher }]);
  });

  it.skipIf(!isIssued)('can be taken back while nobody has paid it', async () => {
    const { payments, find, id } = await aVoucher();
    expect(await payments.cancel({ providerObjectId: id, ...key() })).toBe('canceled');
    expect(await payments.get(id)).toMatchObject({ state: 'canceled' });
    expect((await find()).filter(({ state }) => state !== 'canceled')).toEqual([]);
    expect(await payments.cancel({ providerObjectId: id, ...key() })).toBe('canceled');
  });
});
