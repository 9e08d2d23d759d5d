import { afterEach, describe, expect, it } from 'vitest';
import { createFungiesCatalog } from '../../../../src/providers/fungies/catalog.ts';
import { writeCheckoutId } from '../../../../src/providers/fungies/checkout-id.ts';
import { createFungiesCheckouts } from '../../../../src/providers/fungies/checkouts.ts';
import { createFungiesApi } from '../../../../src/providers/fungies/client.ts';
import { createFungiesSubscriptions } from '../../../../src/providers/fungies/subscriptions.ts';
import { productPage } from '../../../../src/providers/fungies/wire.ts';
import events from '../../../fixtures/fungies/events.json' with { type: 'json' };
import { startStubServer, type StubAnswer, type StubRequest, type StubServer } from '../stub-server.ts';

let server: StubServer;
afterEach(() => server.close());

const ok = (data: unknown): StubAnswer => ({ body: { status: 'success', data } });
async function apiThat(answer: (request: StubRequest) => StubAnswer) {
  server = await startStubServer(answer);
  return createFungiesApi({ publicKey: 'pub_x', secretKey: 'sec_x', baseUrl: server.url, http: { timeoutMs: 1000 } });
}
const sent = (method: string) => server.requests.filter((request) => request.method === method);
const products = { operation: 'x', method: 'GET', path: '/products/list', reply: productPage } as const;

describe('calls to Fungies', () => {
  it('show the secret to writes alone', async () => {
    const api = await apiThat(() => ok({ products: [] }));
    await api.call(products);
    await api.call({ ...products, method: 'PATCH', body: {} });
    expect(server.requests.map(({ path }) => path)).toEqual(['/v0/products/list', '/v0/products/list']);
    expect(server.requests.map(({ headers }) => headers['x-fngs-public-key'])).toEqual(['pub_x', 'pub_x']);
    expect(server.requests.map(({ headers }) => headers['x-fngs-secret-key'])).toEqual([undefined, 'sec_x']);
  });

  it.each([
    [{ body: { status: 'error', error: { message: 'ada@example.com is taken' } } }, 'invalid', 'provider_rejected'],
    [{ body: { status: 'error', error: 'no' } }, 'invalid', 'provider_rejected'],
    [{ status: 401, body: { status: 'error' } }, 'unavailable', 'provider_credentials_rejected'],
    [{ status: 422, body: { status: 'error' } }, 'invalid', 'provider_rejected'],
    [{ status: 429, body: {} }, 'rate_limited', 'provider_rate_limited'],
    [{ status: 500, body: {} }, 'unavailable', 'provider_error'],
    [{ body: { status: 'success', data: {} } }, 'unavailable', 'provider_error'],
    ['cut', 'unavailable', 'provider_error'],
  ] as const)('fail by the table (%#)', async (answer, kind, code) => {
    const api = await apiThat(() => answer);
    const error: unknown = await api.call(products).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind, code });
    expect(JSON.stringify(error)).not.toContain('ada@');
  });
});

describe('canceling at Fungies', () => {
  const { subscription } = events.subscription_interval.data;
  const input = {
    providerSubscriptionId: '#S3oQQCCw7wOC6VeO',
    providerCustomerId: 'u-1',
    reason: null,
    comment: null,
    idempotencyKey: 'k',
  };
  /** Reads answer `states` in turn, the last one for ever. */
  const reading = (...states: Record<string, unknown>[]) => {
    const left = [...states];
    return ({ method, path }: StubRequest): StubAnswer => {
      if (method === 'PATCH') return ok({ success: true });
      if (path.includes('/payments/')) return ok({ payments: [] });
      const state = left.length > 1 ? left.shift() : left[0];
      return ok({ subscription: { ...subscription, ...state }, items: [] });
    };
  };

  it.each([
    ['period_end', { cancelAtIntervalEnd: true }, { cancelAtIntervalEnd: true, cancelOption: 'endInterval' }],
    ['now', { status: 'canceled' }, { cancelAtIntervalEnd: false, cancelOption: 'immediately' }],
  ] as const)('says %s in full and reads it back', async (when, after, body) => {
    const subscriptions = createFungiesSubscriptions(await apiThat(reading({}, after)));
    await subscriptions.cancel({ ...input, when });
    expect(sent('PATCH').map(({ path }) => path)).toEqual(['/v0/subscriptions/S3oQQCCw7wOC6VeO/cancel']);
    expect(sent('PATCH')[0]?.body).toEqual(body);
  });

  it('does not believe the answer alone', async () => {
    const subscriptions = createFungiesSubscriptions(await apiThat(reading({})));
    await expect(subscriptions.cancel({ ...input, when: 'period_end' })).rejects.toMatchObject({
      code: 'provider_error',
      providerCode: 'cancel_not_confirmed',
    });
  });

  it('sends nothing where it is done already', async () => {
    const subscriptions = createFungiesSubscriptions(await apiThat(reading({ cancelAtIntervalEnd: true })));
    expect((await subscriptions.cancel({ ...input, when: 'period_end' })).cancelAtPeriodEnd).toBe(true);
    expect(sent('PATCH')).toHaveLength(0);
  });
});

describe('an offer at Fungies', () => {
  const price = {
    planId: 'plan_1',
    planKey: 'pro',
    name: 'Pro',
    description: null,
    digital: true,
    priceId: 'price_1',
    unitAmount: { amountMinor: 999, currency: 'USD' },
    billingInterval: null,
    trialDays: null,
    idempotencyKey: 'k',
  };
  const shop =
    (storedPrice: number) =>
    ({ method, path }: StubRequest): StubAnswer => {
      const offer = { id: 'o-1', internalId: 'price_1', price: storedPrice, currency: 'USD', status: 'ACTIVE' };
      if (path.includes('/products/list')) return ok({ products: [] });
      if (path.includes('/offers/list')) return ok({ offers: [] });
      return ok(path.includes('/products/') ? { product: { id: 'p-1' } } : method === 'PATCH' ? {} : { offer });
    };

  it('is written in major units and believed in minor ones', async () => {
    const catalog = createFungiesCatalog(await apiThat(shop(999)));
    expect(await catalog.ensurePrice(price)).toEqual({ providerProductId: 'p-1', providerPriceId: 'o-1' });
    expect(sent('POST').at(-1)?.body).toMatchObject({ price: 9.99, currency: 'USD', externalId: 'price_1' });
  });

  it('is archived where Fungies took the sum for another', async () => {
    const catalog = createFungiesCatalog(await apiThat(shop(99_900)));
    await expect(catalog.ensurePrice(price)).rejects.toMatchObject({ code: 'provider_price_mismatch' });
    expect(sent('PATCH')[0]).toMatchObject({ path: '/v0/offers/o-1/archive', body: { id: 'o-1' } });
  });
});

describe('an offer that was archived', () => {
  /** The document shows no mark of it on the offer itself. */
  const offer = { id: 'o-1', internalId: 'price_1', price: 999, currency: 'USD', status: 'ACTIVE' };
  const archive = ({ method, path }: StubRequest): StubAnswer => {
    if (method === 'PATCH') return ok({});
    if (path.includes('/offers/list')) return ok({ offers: path.includes('withArchived=true') ? [offer] : [] });
    return ok(path.includes('/products/') ? { product: { id: 'p-1', name: 'Pro' } } : { offer });
  };
  const price = { providerProductId: 'p-1', providerPriceId: 'o-1' };
  const changes = { name: 'Pro', description: null, idempotencyKey: 'k' };

  it('is not sold, and not archived again', async () => {
    const catalog = createFungiesCatalog(await apiThat(archive));
    expect(await catalog.get(price)).toMatchObject({ isActive: false, priceId: 'price_1' });
    expect(await catalog.update(price, { ...changes, isActive: false })).toMatchObject({ isActive: false });
    expect(sent('PATCH').map(({ path }) => path)).toEqual(['/v0/products/p-1/update']);
  });

  it('cannot be sold again, and then nothing is changed', async () => {
    const catalog = createFungiesCatalog(await apiThat(archive));
    await expect(catalog.update(price, { ...changes, isActive: true })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
    });
    expect(sent('PATCH')).toEqual([]);
  });
});

describe('the sale of a link', () => {
  const createdMs = Date.now() - 1000;
  const ref = { checkoutId: 'chk_1', offerId: 'o-1', userId: 'u-1', createdMs, isShared: false };
  const paid = {
    ...events.payment_success.data.payment,
    type: 'one_time',
    subscriptionId: null,
    createdAt: createdMs + 500,
  };
  const [line] = events.payment_success.data.items;
  const truthOf = async (payment: Record<string, unknown>, items: readonly unknown[], isShared = false) => {
    const api = await apiThat(({ path }) => {
      if (path.includes('/payments/')) return ok({ payments: [payment] });
      if (path.includes('/inventory')) return ok({ inventory: items });
      if (path.includes('/orders/')) return ok({ order: { ...events.payment_success.data.order } });
      if (path.includes('/offers/')) return ok({ offer: { id: 'o-1', price: 1900, currency: 'USD' } });
      return ok({ user: { id: 'u-1', email: 'a@b.co' } });
    });
    const truth = await createFungiesCheckouts(api, 'https://store.example').get(writeCheckoutId({ ...ref, isShared }));
    await server.close();
    return truth?.state ?? null;
  };
  const named = (checkoutId: string) => ({ ...line, customFields: { checkout_id: checkoutId } });

  it.each([
    ['names it', paid, [named('chk_1')], 'paid'],
    ['names it, though long after', { ...paid, createdAt: createdMs + 9e8 }, [named('chk_1')], 'paid'],
    ['names another', paid, [named('chk_2')], 'open'],
    ['names none, of its offer', paid, [line], 'paid'],
    ['names none, of another offer', paid, [{ ...line, offer: { id: 'o-2' } }], 'open'],
    ['names none, long after', { ...paid, createdAt: createdMs + 9e8 }, [line], 'open'],
    ['came before it', { ...paid, createdAt: createdMs - 120_000 }, [named('chk_1')], 'open'],
    ['is somebody else’s', { ...paid, userId: 'u-2' }, [named('chk_1')], 'open'],
    ['shows no lines', paid, [], 'open'],
    ['is a renewal', { ...paid, type: 'subscription_interval' }, [line], 'open'],
  ])('that %s', async (_what, payment, items, state) => {
    expect(await truthOf(payment, items)).toBe(state);
  });

  it('is only what names it where two organizations share the user', async () => {
    expect(await truthOf(paid, [named('chk_1')], true)).toBe('paid');
    expect(await truthOf(paid, [line], true)).toBe('open');
    expect(await truthOf({ ...paid, status: 'FAILED' }, [], true)).toBe('open');
  });
});
