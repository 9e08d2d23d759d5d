import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { abilitiesOf, moduleOf, providerIds } from '../../src/providers/accounts.ts';
import type { CreateCheckoutInput, CreateCheckoutResult, ProviderAccount } from '../../src/providers/port.ts';
import { aCheckout, createWorld, nextId, priceAt, pushPrice, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterEach(() => world.control('DELETE', 'faults'));
afterAll(() => world.close());

type Opened = Extract<CreateCheckoutResult, { outcome: 'opened' }>;

describe.each(providerIds())('a checkout at %s', (provider) => {
  const abilities = abilitiesOf(provider);
  const offers = (method: string): boolean =>
    abilities.paymentMethods.some((offered) => offered.method === method && offered.modes.includes('payment'));
  let account: ProviderAccount;
  beforeAll(() => {
    account = world.account(provider);
  });

  async function opened(input: CreateCheckoutInput): Promise<Opened> {
    const result = await account.client.checkouts.create(input);
    if (result.outcome !== 'opened') throw new Error(`not opened: ${JSON.stringify(result)}`);
    return result;
  }
  const anOpenOne = async (more: Parameters<typeof aCheckout>[2] = {}) => {
    const input = await aCheckout(provider, account, more);
    return { input, session: await opened(input) };
  };
  const truthOf = (session: Opened) => account.client.checkouts.get(session.providerCheckoutId);

  it('opens for one payment and is open', async () => {
    const { session } = await anOpenOne();
    expect(session.url).toMatch(/^https?:\/\//);
    expect(Date.parse(session.expiresAt)).toBeGreaterThan(Date.now());
    expect(session.amount).toEqual(priceAt(provider));
    expect(session.paymentMethods).toContain('card');
    expect(await truthOf(session)).toMatchObject({ state: 'open', voucher: null, subscription: null });
    expect(await account.client.checkouts.get(`${session.providerCheckoutId.slice(0, -4)}0000`)).toBeNull();
  });

  it('is paid, and tells it in exactly one decisive event', async () => {
    const { input, session } = await anOpenOne();
    await world.complete(provider, session.providerCheckoutId, 'paid');
    const facts = await world.facts(provider, input.checkoutId);
    const truth = await truthOf(session);
    expect(truth).toMatchObject({ state: 'paid', payment: { status: 'succeeded', declineCode: null } });
    expect(['card', null]).toContain(truth?.payment?.method);
    expect(truth?.payment?.amount.currency).toBe(priceAt(provider).currency);
    expect(truth?.payment?.amount.amountMinor).toBeGreaterThanOrEqual(priceAt(provider).amountMinor);
    const decisive = facts.filter((fact) => fact.isDecisive);
    expect(decisive).toHaveLength(1);
    expect(truth?.objects.map(({ id }) => id)).toContain(decisive[0]?.objectId);
  });

  it('starts a subscription', async () => {
    const { input, session } = await anOpenOne({ mode: 'subscription' });
    await world.complete(provider, session.providerCheckoutId, 'paid');
    const decisive = (await world.facts(provider, input.checkoutId)).filter((fact) => fact.isDecisive);
    const truth = await truthOf(session);
    expect(truth).toMatchObject({
      state: 'paid',
      subscription: { status: 'active', quantity: 1, amount: priceAt(provider) },
    });
    expect(decisive.length).toBeGreaterThanOrEqual(1);
    const started = truth?.subscription;
    if (!started) throw new Error('no subscription');
    expect(Date.parse(started.currentPeriodEnd ?? '')).toBeGreaterThan(Date.now());
    expect(truth?.objects.map(({ id }) => id)).toContain(started.providerSubscriptionId);
    const { providerSubscriptionId, providerCustomerId } = started;
    const read = await account.client.subscriptions?.get({ providerSubscriptionId, providerCustomerId });
    expect(read).toMatchObject({ status: 'active', providerCustomerId, currentPeriodEnd: started.currentPeriodEnd });
    expect(read?.payments.at(-1)).toMatchObject({ status: 'succeeded' });
    expect(read?.invoices.at(-1)).toMatchObject({ status: 'paid' });
  });

  it.skipIf(!abilities.features.trialDays.includes('subscription'))('starts a trial for nothing', async () => {
    const input = { ...(await aCheckout(provider, account, { mode: 'subscription' })), trialDays: 14 };
    const session = await opened(input);
    await world.complete(provider, session.providerCheckoutId, 'paid');
    expect((await world.facts(provider, input.checkoutId)).filter((fact) => fact.isDecisive)).not.toHaveLength(0);
    const truth = await truthOf(session);
    expect(truth).toMatchObject({ state: 'paid', payment: null, subscription: { status: 'trialing', payments: [] } });
    expect(Date.parse(truth?.subscription?.trialEnd ?? '')).toBeGreaterThan(Date.now() + 13 * 86_400_000);
  });

  it.skipIf(!abilities.features.discountCode.includes('payment'))(
    'refuses a discount code that nobody made',
    async () => {
      const input = { ...(await aCheckout(provider, account)), discountCode: 'NOSUCHCODE' };
      await expect(account.client.checkouts.create(input)).rejects.toMatchObject({
        kind: 'invalid',
        code: 'discount_code_unknown',
      });
    },
  );

  it.skipIf(!abilities.modes.includes('setup'))('saves a method without a sale', async () => {
    const session = await opened({ ...(await aCheckout(provider, account, { mode: 'setup' })), line: null });
    expect(session.amount).toBeNull();
    await world.complete(provider, session.providerCheckoutId, 'paid');
    expect(await truthOf(session)).toMatchObject({ state: 'paid', payment: null, subscription: null, invoice: null });
  });

  it('survives a decline', async () => {
    const { session } = await anOpenOne();
    await world.complete(provider, session.providerCheckoutId, 'declined');
    expect(await truthOf(session)).toMatchObject({
      state: 'open',
      payment: { status: 'declined', declineCode: expect.any(String) },
    });
    await world.complete(provider, session.providerCheckoutId, 'paid');
    expect(await truthOf(session)).toMatchObject({ state: 'paid', payment: { status: 'succeeded' } });
  });

  it.skipIf(!offers('oxxo'))('waits for a voucher', async () => {
    const { input, session } = await anOpenOne({ paymentMethods: ['card', 'oxxo'], currency: 'MXN' });
    await world.complete(provider, session.providerCheckoutId, 'voucher_issued');
    const truth = await truthOf(session);
    expect(truth).toMatchObject({
      state: 'pending',
      payment: { status: 'pending' },
      voucher: { reference: expect.any(String) },
    });
    await world.complete(provider, session.providerCheckoutId, 'voucher_paid');
    expect(await truthOf(session)).toMatchObject({ state: 'paid', payment: { status: 'succeeded' } });
    expect((await world.facts(provider, input.checkoutId)).filter((fact) => fact.isDecisive)).not.toHaveLength(0);
  });

  it('is ended where the provider can, once, and not when paid', async ({ skip }) => {
    const { checkouts } = account.client;
    if (!checkouts.end) return skip();
    const end: NonNullable<typeof checkouts.end> = (input) => checkouts.end?.(input) ?? skip();
    const { session } = await anOpenOne();
    const { providerCheckoutId } = session;
    expect(await end({ providerCheckoutId, idempotencyKey: nextId('key') })).toBe('ended');
    expect((await truthOf(session))?.state).toMatch(/expired|canceled/);
    expect(await end({ providerCheckoutId, idempotencyKey: nextId('key') })).toBe('ended');
    const paid = await anOpenOne();
    await world.complete(provider, paid.session.providerCheckoutId, 'paid');
    expect(await end({ providerCheckoutId: paid.session.providerCheckoutId, idempotencyKey: nextId('key') })).toBe(
      'already_settled',
    );
  });

  it.for<[string, Record<string, unknown>, string, number | null]>([
    ['timeout_after_work', {}, 'timeout', 1],
    ['timeout_before_work', {}, 'timeout', 0],
    ['malformed', {}, 'api_error', 1],
    ['reset', {}, 'api_error', null],
    ['status', { status: 500 }, 'api_error', null],
  ])('is unknown after %s, and an orphan is found', async ([kind, more, reason, orphans], { skip }) => {
    const input = await aCheckout(provider, account);
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    await world.fault(provider, kind, more);
    const answer = await account.client.checkouts.create(input);
    // A provider whose page is a mere link is not asked for one.
    if (!(await world.struck())) return skip();
    expect(answer).toMatchObject({ outcome: 'unknown', reason });
    const { checkoutId, customer } = input;
    const found = await account.client.checkouts.find?.({
      checkoutId,
      organizationId: customer.organizationId,
      createdAfter,
    });
    // Where nothing can be looked for, or nobody can say how many, there is no number to hold it to.
    expect(orphans === null ? null : (found?.length ?? orphans)).toBe(orphans);
  });

  it('is found by our id once it was paid, too', async ({ skip }) => {
    const { checkouts } = account.client;
    if (!checkouts.find) return skip();
    const { input, session } = await anOpenOne();
    await world.complete(provider, session.providerCheckoutId, 'paid');
    const { checkoutId, customer } = input;
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    const found = await checkouts.find({ checkoutId, organizationId: customer.organizationId, createdAfter });
    expect(found).toEqual([{ providerCheckoutId: session.providerCheckoutId }]);
  });

  it('is surely not opened when the provider refuses, is busy or cannot be reached', async ({ skip }) => {
    const input = await aCheckout(provider, account);
    await world.fault(provider, 'latency', { latency_ms: 1 });
    await account.client.checkouts.create(await aCheckout(provider, account));
    if (!(await world.struck())) return skip();
    await world.fault(provider, 'rate_limited', { retry_after_s: 7 });
    await expect(account.client.checkouts.create(input)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 7000,
    });
    await world.fault(provider, 'status', { status: 422 });
    await expect(account.client.checkouts.create(input)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'provider_rejected',
    });
    const prefix = provider.toUpperCase();
    const absent = world.account(provider, { [`${prefix}_BASE_URL`]: 'http://127.0.0.1:9' });
    await expect(absent.client.checkouts.create(input)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'provider_unreachable',
    });
    const stranger = world.account(provider, { [`${prefix}_API_KEY`]: 'sk_test_51stranger' });
    await expect(stranger.client.checkouts.create(input)).rejects.toMatchObject({
      code: 'provider_credentials_rejected',
    });
  });

  it('charges once though its call is repeated', async () => {
    const input = await aCheckout(provider, account);
    const sessions = [await opened(input), await opened(input)];
    await world.complete(provider, sessions[0]?.providerCheckoutId ?? '', 'paid');
    const ledger = JSON.stringify(await world.control('GET', `ledger?provider=${provider}`));
    expect(ledger.split(input.checkoutId)).toHaveLength(2);
  });

  it('opens twice for one organization', async () => {
    const first = await anOpenOne({ mode: 'subscription' });
    const { organizationId } = first.input.customer;
    const second = await anOpenOne({ mode: 'subscription', organizationId });
    expect(second.session.providerCheckoutId).not.toBe(first.session.providerCheckoutId);
    expect(second.session.providerCustomerId).toBe(first.session.providerCustomerId);
  });
});

describe.each(providerIds())('a customer of %s', (provider) => {
  const open = async (input: CreateCheckoutInput): Promise<Opened> => {
    const result = await world.account(provider).client.checkouts.create(input);
    if (result.outcome !== 'opened') throw new Error(`not opened: ${JSON.stringify(result)}`);
    return result;
  };

  it('may share the e-mail of another organization', async () => {
    const account = world.account(provider);
    const email = `${nextId('shared')}@example.com`;
    const first = await open(await aCheckout(provider, account, { email }));
    const second = await open(await aCheckout(provider, account, { email }));
    await world.complete(provider, second.providerCheckoutId, 'paid');
    expect((await account.client.checkouts.get(second.providerCheckoutId))?.state).toBe('paid');
    // What one of them bought is not the other's.
    expect((await account.client.checkouts.get(first.providerCheckoutId))?.state).toBe('open');
  });

  it('may come back after being erased', async () => {
    const account = world.account(provider);
    const organizationId = nextId('org');
    const first = await open(await aCheckout(provider, account, { mode: 'subscription', organizationId }));
    await account.client.customers.remove(first.providerCustomerId ?? '');
    const again = await open(await aCheckout(provider, account, { mode: 'subscription', organizationId }));
    expect(again.providerCustomerId).not.toBe(first.providerCustomerId);
  });
});

describe.each(providerIds())('the rest of %s', (provider) => {
  it('finds a price that was pushed before', async () => {
    const account = world.account(provider);
    for (const mode of ['payment', 'subscription'] as const) {
      const priceId = nextId('price');
      const first = await pushPrice(provider, account, mode, priceId);
      const isNeeded = abilitiesOf(provider).needsProviderPrice.includes(mode);
      expect(first !== null || !isNeeded).toBe(true);
      expect(await pushPrice(provider, account, mode, priceId)).toEqual(first);
    }
  });

  it('keeps customers by organization', async () => {
    const { customers } = world.account(provider).client;
    const organizationId = nextId('org');
    const input = {
      organizationId,
      providerCustomerId: null,
      email: `${organizationId}@example.com`,
      name: 'Ada Example',
      phone: '+525555555555',
      address: null,
    };
    const made = await customers.create({ ...input, idempotencyKey: nextId('key') });
    expect(made).toMatchObject({ organizationId, email: input.email });
    const { providerCustomerId } = made;
    expect(await customers.get(providerCustomerId)).toEqual(made);
    expect(await customers.find(organizationId)).toEqual(made);
    const email = `new-${organizationId}@example.com`;
    await customers.update(providerCustomerId, { ...input, email, idempotencyKey: nextId('key') });
    expect(await customers.get(providerCustomerId)).toMatchObject({ email });
    await customers.remove(providerCustomerId);
    await customers.remove(providerCustomerId);
    expect(await customers.get(providerCustomerId)).toBeNull();
  });

  it('signs what it sends, and only that', async () => {
    const { webhook } = moduleOf(provider);
    const { message } = world.deliveries(provider)[0] ?? {};
    if (!message) throw new Error('nothing was delivered');
    const secrets = world.account(provider).webhookSecrets;
    const nowMs = Date.now();
    expect(webhook.verify({ ...message, secrets, nowMs })).toBe(true);
    const rawBody = Buffer.concat([message.rawBody, Buffer.from(' ')]);
    expect(webhook.verify({ ...message, rawBody, secrets, nowMs })).toBe(false);
    expect(webhook.verify({ ...message, headers: {}, secrets, nowMs })).toBe(false);
    expect(webhook.verify({ ...message, secrets: [], nowMs })).toBe(false);
    // Without a timestamp among the headers a message cannot go stale. Ten digits in a row are in many a hex signature.
    const isTimed = Object.values(message.headers).some((value) => /(?<!\w)\d{10}(?!\w)/.test(value ?? ''));
    expect(webhook.verify({ ...message, secrets, nowMs: nowMs + 400_000 })).toBe(!isTimed);
  });

  it('is believed under both secrets during a rotation', async () => {
    const account = world.account(provider);
    const rotated = await world.control('POST', `webhook-secrets/${provider}/rotate`, {});
    const next = String(Object.values(rotated as Record<string, string>)[0]);
    const before = world.deliveries(provider).length;
    const session = await account.client.checkouts.create(await aCheckout(provider, account));
    if (session.outcome !== 'opened') throw new Error('not opened');
    await world.complete(provider, session.providerCheckoutId, 'paid');
    await world.facts(provider, '');
    const { message } = world.deliveries(provider)[before] ?? {};
    if (!message) throw new Error('nothing was delivered');
    const nowMs = Date.now();
    expect(moduleOf(provider).webhook.verify({ ...message, secrets: [next, ...account.webhookSecrets], nowMs })).toBe(
      true,
    );
    expect(moduleOf(provider).webhook.verify({ ...message, secrets: [next], nowMs })).toBe(true);
  });
});

// Last, for the simulator's clock is everybody's.
describe.each(providerIds())('a month later at %s', (provider) => {
  it('tells a renewal by ids that the first truth named', async () => {
    const account = world.account(provider);
    const session = await account.client.checkouts.create(await aCheckout(provider, account, { mode: 'subscription' }));
    if (session.outcome !== 'opened') throw new Error('not opened');
    await world.complete(provider, session.providerCheckoutId, 'paid');
    const first = await account.client.checkouts.get(session.providerCheckoutId);
    const before = world.deliveries(provider).length;
    await world.control('POST', 'clock', { advance: 'P33D' });
    await world.facts(provider, '');
    const known = new Set(first?.objects.map(({ id }) => id));
    const later = world
      .deliveries(provider)
      .slice(before)
      .map(({ message }) => moduleOf(provider).webhook.parse(message));
    const own = later.filter(
      (fact) => fact.isDecisive && (known.has(fact.objectId) || fact.related.some(({ id }) => known.has(id))),
    );
    expect(own.length).toBeGreaterThanOrEqual(1);
    const { providerSubscriptionId, providerCustomerId } = first?.subscription ?? {
      providerSubscriptionId: '',
      providerCustomerId: null,
    };
    const renewed = await account.client.subscriptions?.get({ providerSubscriptionId, providerCustomerId });
    expect(Date.parse(renewed?.currentPeriodEnd ?? '')).toBeGreaterThan(
      Date.parse(first?.subscription?.currentPeriodEnd ?? ''),
    );
  });
});
