import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BillingError } from '../../src/domain/errors.ts';
import type { ProviderAccount } from '../../src/providers/port.ts';
import { cards, key, sell, subscribe, tokenOf, type Subscribed } from './sales.ts';
import { aCheckout, createWorld, nextId, priceAt, pushPrice, type World } from './support.ts';

/**
 * Stripe keeps the first answer under an Idempotency-Key for a day, a 500 too, whatever it had done by then. Each call
 * below meets one, nothing done or everything done, and is repeated as its caller would.
 */
let world: World;
beforeAll(async () => {
  world = await createWorld({ records: true });
});
afterEach(() => world.control('DELETE', 'faults'));
afterAll(() => world.close());

const provider = 'stripe';
const kinds = ['status', 'status_after_work'] as const;
type Call = () => Promise<unknown>;

const clientOf = (account: ProviderAccount = world.account(provider)) => {
  const {
    catalog,
    discounts,
    paymentMethods,
    payments,
    portal,
    refunds,
    subscriptions,
    usage,
    webhookEndpoints,
    ...rest
  } = account.client;
  if (!catalog || !discounts || !paymentMethods?.attach || !payments || !portal || !refunds || !usage?.cancel)
    throw new Error('it can less than it says');
  if (!subscriptions?.create || !subscriptions.change || !subscriptions.find || !webhookEndpoints)
    throw new Error('it can less than it says');
  return {
    ...rest,
    catalog,
    discounts,
    paymentMethods,
    payments,
    portal,
    refunds,
    subscriptions,
    usage,
    webhookEndpoints,
  };
};

const aPerson = () => {
  const organizationId = nextId('org');
  const contact = { email: `${organizationId}@example.com`, name: 'Ada Example', phone: '+525555555555' };
  return { organizationId, ...contact, address: null, providerCustomerId: null };
};

async function aCustomer() {
  const person = aPerson();
  const { providerCustomerId } = await clientOf().customers.create({ ...person, ...key() });
  return { ...person, providerCustomerId };
}

const aPrice = () => ({
  ...{
    planId: nextId('plan'),
    planKey: 'kit',
    name: 'Kit',
    description: null,
    digital: true,
    priceId: nextId('price'),
  },
  ...{ unitAmount: priceAt(provider), billingInterval: 'monthly' as const, trialDays: null },
  ...key(),
});

const aMeter = () => {
  const name = nextId('calls').replaceAll(/\W/g, '');
  return { meterId: nextId('mtr'), name, eventName: name, aggregation: 'sum' as const, property: 'quantity', ...key() };
};

const aCode = () => ({
  ...{ code: nextId('SAVE').replaceAll(/\W|_/g, '').toUpperCase(), name: 'Launch', off: { basisPoints: 2_000 } },
  ...{ duration: 'once' as const, maxRedemptions: null, startsAt: null, endsAt: null, providerProductIds: null },
  ...key(),
});

const aChange = (sale: Subscribed) => ({ ...sale.ref, proration: 'none' as const, prorationAt: null, ...key() });

/** With a card that is charged without asking. */
async function aBuyer() {
  const customer = await aCustomer();
  const { providerCustomerId } = customer;
  const attached = await clientOf().paymentMethods.attach?.({
    ...{ providerCustomerId, token: await tokenOf(world, provider, cards.good), setAsDefault: true },
    ...{ billingAddress: null, returnUrl: null, ...key() },
  });
  const method = attached && 'value' in attached ? attached.value : null;
  if (!method) throw new Error('not attached');
  return { customer, providerCustomerId, providerPaymentMethodId: method.providerPaymentMethodId };
}

/** By the simulator's name of what is struck. */
const harmless: Readonly<Record<string, () => Promise<Call>>> = {
  async 'customers.create'() {
    const input = { ...aPerson(), ...key() };
    return () => clientOf().customers.create(input);
  },
  async 'checkouts.create'() {
    const input = await aCheckout(provider, world.account(provider));
    return () => clientOf().checkouts.create(input);
  },
  async 'products.create'() {
    const input = aPrice();
    return () => clientOf().catalog.ensurePrice(input);
  },
  async 'prices.create'() {
    const input = aPrice();
    return () => clientOf().catalog.ensurePrice(input);
  },
  async 'portal.create'() {
    const { providerCustomerId } = await aCustomer();
    const input = { providerCustomerId, providerSubscriptionId: null, returnUrl: null, ...key() };
    return () => clientOf().portal.create(input);
  },
  async 'setup_intents.create'() {
    const { providerCustomerId } = await aCustomer();
    const token = await tokenOf(world, provider, cards.good);
    const input = { providerCustomerId, token, setAsDefault: true, billingAddress: null, returnUrl: null, ...key() };
    return async () => clientOf().paymentMethods.attach?.(input);
  },
  async 'payments.create'() {
    const customer = await aCustomer();
    const expiresAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const input = {
      ...{ businessId: nextId('inv'), amount: { amountMinor: 49_900, currency: 'MXN' }, description: 'Kit', customer },
      ...{ source: { kind: 'voucher', method: 'oxxo', expiresAt } as const, returnUrl: null, metadata: {}, ...key() },
    };
    return () => clientOf().payments.create(input);
  },
  async 'subscription_schedules.create'() {
    const sale = await subscribe(world, provider);
    const unitAmount = { ...priceAt(provider), amountMinor: 900 };
    const pushed = await pushPrice(provider, sale.account, 'subscription', nextId('price'), unitAmount);
    if (!pushed) throw new Error('not pushed');
    const price = { ...pushed, unitAmount, billingInterval: 'monthly' as const };
    const input = { ...aChange(sale), price, quantity: null, when: 'period_end' as const };
    return async () => clientOf().subscriptions.change?.(input);
  },
  async 'subscriptions.update'() {
    const sale = await subscribe(world, provider);
    const input = { ...aChange(sale), price: null, quantity: 3, when: 'now' as const };
    return async () => clientOf().subscriptions.change?.(input);
  },
  async 'coupons.create'() {
    const input = aCode();
    return () => clientOf().discounts.ensure(input);
  },
  async 'promotion_codes.create'() {
    const input = aCode();
    return () => clientOf().discounts.ensure(input);
  },
  async 'meters.create'() {
    const input = aMeter();
    return () => clientOf().usage.ensureMeter(input);
  },
  async 'meter_event_adjustments.create'() {
    const { providerCustomerId, organizationId } = await aCustomer();
    const meter = aMeter();
    await clientOf().usage.ensureMeter(meter);
    const { eventName } = meter;
    const eventId = nextId('ue');
    const timestamp = new Date(Date.now() - 60_000).toISOString();
    const event = { eventId, eventName, organizationId, providerCustomerId, quantity: '2', timestamp, properties: {} };
    await clientOf().usage.ingest([event]);
    const input = { eventId, eventName, ...key() };
    return async () => clientOf().usage.cancel?.(input);
  },
};

/** What the caller learns: an outcome, or that none is known. */
async function outcomeOf(call: Call): Promise<unknown> {
  try {
    const answer = await call();
    return typeof answer === 'object' && answer !== null && 'outcome' in answer ? answer.outcome : 'done';
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    return error.details['outcome'] ?? error.code;
  }
}

/** How often a failure was told again. */
const replays = () =>
  world
    .exchanges(provider)
    .filter(({ status, responseHeaders }) => status === 500 && responseHeaders['idempotent-replayed'] === 'true')
    .length;

const good = /^(done|opened|succeeded|pending)$/;

describe.each(kinds)('after a 500 (%s)', (kind) => {
  it.each(Object.keys(harmless))('%s goes through when it is repeated', async (operation) => {
    const call = await harmless[operation]?.();
    if (!call) throw new Error(operation);
    const before = replays();
    await world.fault(provider, kind, { operation, status: 500 });
    expect(await outcomeOf(call)).toBe('unknown');
    expect(await outcomeOf(call)).toMatch(good);
    expect(await world.struck()).toBe(true);
    // What was done is often found without asking for it again.
    expect(kind === 'status' ? [1] : [0, 1]).toContain(replays() - before);
  });

  it('an address for messages is registered by a call without a key', async () => {
    const input = { url: `https://billing.example/${nextId('hook')}`, ...key() };
    const { webhookEndpoints } = clientOf();
    const before = replays();
    await world.fault(provider, kind, { operation: 'webhooks.create', status: 500 });
    expect(await outcomeOf(() => webhookEndpoints.create(input))).toBe('unknown');
    for (const known of await webhookEndpoints.list())
      if (known.url === input.url) await webhookEndpoints.remove(known.providerEndpointId);
    expect(await webhookEndpoints.create(input)).toMatchObject({ endpoint: { url: input.url, isActive: true } });
    expect(replays()).toBe(before);
  });

  const isDone = kind === 'status_after_work';

  it('a refund is not made again under its key; the provider tells whether it was, and the next key makes it', async () => {
    const sale = await sell(world, provider);
    const { refunds } = clientOf(sale.account);
    const { payment } = sale.truth;
    if (!payment) throw new Error('nothing to refund');
    const ref = { providerPaymentId: payment.providerPaymentId, providerInvoiceId: payment.providerInvoiceId };
    const refundId = nextId('re');
    const amount = { ...payment.amount, amountMinor: 1_000 };
    const input = { ...ref, refundId, refundedMinor: 0, amount, reason: 'other' as const, ...key() };
    await world.fault(provider, kind, { operation: 'refunds.create', status: 500 });
    for (const _ of [1, 2])
      expect(await refunds.create(input)).toMatchObject({ outcome: 'unknown', reason: 'api_error' });
    expect(await refunds.list(ref)).toHaveLength(isDone ? 1 : 0);
    if (!isDone) await refunds.create({ ...input, ...key() });
    expect(await refunds.list(ref)).toMatchObject([{ refundId, amount }]);
  });

  it('a subscription is not begun again under its key; it is found, or begun by the next', async () => {
    const { customer, providerCustomerId, providerPaymentMethodId } = await aBuyer();
    const { line } = await aCheckout(provider, world.account(provider), { mode: 'subscription' });
    if (!line) throw new Error('nothing is sold');
    const { subscriptions } = clientOf();
    const subscriptionId = nextId('sub');
    const input = {
      ...{ subscriptionId, customer, line, providerPaymentMethodId, trialEnd: null },
      ...{ metadata: { subscription_id: subscriptionId, project_id: 'default' }, ...key() },
    };
    await world.fault(provider, kind, { operation: 'subscriptions.create', status: 500 });
    const begin = async (more = {}) => subscriptions.create?.({ ...input, ...more });
    for (const _ of [1, 2]) expect(await begin()).toMatchObject({ outcome: 'unknown', reason: 'api_error' });
    const find = async () => subscriptions.find?.({ subscriptionId, providerCustomerId });
    expect((await find()) != null).toBe(isDone);
    if (!isDone) await begin(key());
    expect(await find()).toMatchObject({ status: 'active' });
  });

  it('a stored card is not charged again under the key', async () => {
    const { customer, providerCustomerId, providerPaymentMethodId } = await aBuyer();
    const { payments } = clientOf();
    const businessId = nextId('chk');
    const input = {
      ...{ businessId, amount: priceAt(provider), description: 'Kit', customer, returnUrl: null, metadata: {} },
      ...{ source: { kind: 'stored', providerPaymentMethodId, offSession: true } as const, ...key() },
    };
    await world.fault(provider, kind, { operation: 'payments.create', status: 500 });
    for (const _ of [1, 2]) expect(await payments.create(input)).toMatchObject({ outcome: 'unknown' });
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    expect(await payments.find({ businessId, providerCustomerId, createdAfter })).toHaveLength(isDone ? 1 : 0);
  });

  it('a paused subscription goes on, and is charged once', async () => {
    const sale = await subscribe(world, provider);
    const { subscriptions } = clientOf(sale.account);
    await subscriptions.get(sale.ref);
    const authorization = world.exchanges(provider).at(-1)?.requestHeaders['authorization'] ?? '';
    const path = `v1/subscriptions/${sale.ref.providerSubscriptionId}/pause`;
    await fetch(`${world.baseUrl(provider)}/${path}`, { method: 'POST', headers: { authorization } });
    expect(await subscriptions.get(sale.ref)).toMatchObject({ status: 'paused' });
    const input = { ...sale.ref, ...key() };
    await world.fault(provider, kind, { operation: 'subscriptions.resume', status: 500 });
    expect(await subscriptions.resume?.(input)).toMatchObject({ outcome: 'unknown' });
    expect(await subscriptions.resume?.(input)).toMatchObject({ outcome: 'succeeded', value: { status: 'active' } });
    expect((await subscriptions.get(sale.ref))?.payments).toHaveLength(2);
  });
});

// Last, for the simulator's clock is everybody's.
it.each(kinds)('after a 500 (%s) an open invoice is paid, once', async (kind) => {
  const sale = await subscribe(world, provider);
  const { subscriptions } = clientOf(sale.account);
  const path = `subscriptions/${provider}/${encodeURIComponent(sale.ref.providerSubscriptionId)}/card`;
  await world.control('POST', path, { number: cards.declinesLater });
  await world.control('POST', 'clock', { advance: 'P32D' });
  expect(await subscriptions.get(sale.ref)).toMatchObject({ status: 'past_due' });
  await world.control('POST', path, { number: cards.good });
  const input = { ...sale.ref, ...key() };
  await world.fault(provider, kind, { operation: 'invoices.pay', status: 500 });
  expect(await subscriptions.retryPayment?.(input)).toMatchObject({ outcome: 'unknown' });
  expect(await subscriptions.retryPayment?.(input)).toMatchObject({
    outcome: 'succeeded',
    value: { status: 'active' },
  });
  const paid = (await subscriptions.get(sale.ref))?.payments.filter(({ status }) => status === 'succeeded');
  expect(paid).toHaveLength(2);
});
