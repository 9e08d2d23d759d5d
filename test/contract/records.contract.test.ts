import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { moduleOf, operationsOf, providerIds } from '../../src/providers/accounts.ts';
import { everything, key, providersWith, sell, subscribe, type Sale } from './sales.ts';
import { createWorld, nextId, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterEach(() => world.control('DELETE', 'faults'));
afterAll(() => world.close());

const credentialsOf = (provider: string) => Object.entries(moduleOf(provider).credentials);
/** The account as an operator might misconfigure it. Every secret, as one of two keys may be enough by itself. */
const spoiled = (provider: string) =>
  world.account(
    provider,
    Object.fromEntries(
      credentialsOf(provider).flatMap(([name, field]) => (field.isSecret ? [[name, field.example]] : [])),
    ),
  );

/** A sale to a customer whom the provider keeps: who pays once may stay a guest there, who subscribes may not. */
const sellToKnown = async (provider: string): Promise<Sale> => {
  const sale = await sell(world, provider);
  return sale.providerCustomerId === '' ? subscribe(world, provider) : sale;
};

describe.each(providerIds())('the account at %s', (provider) => {
  it('is known by its credentials, and closed to others', async () => {
    await expect(world.account(provider).client.account.check()).resolves.toMatchObject({});
    await expect(spoiled(provider).client.account.check()).rejects.toMatchObject({
      code: 'provider_credentials_rejected',
    });
  });

  it('is made of credentials that a person can fill in', () => {
    const module = moduleOf(provider);
    const examples = Object.fromEntries(credentialsOf(provider).map(([name, field]) => [name, field.example]));
    expect(module.configSchema.safeParse(examples).success).toBe(true);
    expect(module.isConfigured(examples)).toBe(true);
    for (const [name, field] of credentialsOf(provider)) {
      expect(name).toMatch(new RegExp(`^${provider.toUpperCase()}_`));
      expect(field.description.length).toBeGreaterThan(10);
      expect(field.previousKey ?? `${name}_PREVIOUS`).toMatch(/_PREVIOUS$/);
    }
    expect(operationsOf(provider)).toEqual(expect.arrayContaining(['customers.find', 'checkouts.create']));
  });
});

describe.each(providerIds())('customer data at %s', (provider) => {
  it('are exported whole, erased, and then nobody’s', async () => {
    const sale = await sellToKnown(provider);
    const { customerData, customers } = sale.account.client;
    const { organizationId } = sale.input.customer;
    const ref = { providerCustomerId: sale.providerCustomerId, organizationId };
    const exported = await customerData.export(ref);
    expect(Object.keys(exported ?? {}).length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(exported)).toContain(sale.input.customer.email);
    const erased = await customerData.erase({ ...ref, ...key() });
    expect(erased.outcome).toMatch(/erased|anonymized|archived/);
    expect(await customers.find(organizationId)).toBeNull();
    await expect(customerData.erase({ ...ref, ...key() })).resolves.toMatchObject({ outcome: expect.any(String) });
    const stranger = { ...ref, providerCustomerId: `${ref.providerCustomerId.slice(0, -4)}0000` };
    expect(await customerData.export({ ...stranger, organizationId: nextId('org') })).toBeNull();
  });
});

describe.each(providersWith('changes.list'))('what changed at %s', (provider) => {
  it('names every sale since then, to the end', async () => {
    const since = new Date(Date.now() - 2_000).toISOString();
    const sales = [await sell(world, provider), await subscribe(world, provider), await sell(world, provider)];
    const until = new Date(Date.now() + 2_000).toISOString();
    const { changes } = world.account(provider).client;
    if (!changes) throw new Error('no changes');
    const facts = await everything((query) => changes.list({ since, until, ...query }), 2);
    for (const sale of sales) {
      const own = new Set(sale.truth.objects.map(({ id }) => id));
      expect(facts.some((fact) => own.has(fact.objectId) || fact.related.some(({ id }) => own.has(id)))).toBe(true);
    }
    expect(changes.horizonMs).toBeGreaterThanOrEqual(7 * 86_400_000);
  });
});

describe.each(providersWith('changes.charge'))('a charge at %s', (provider) => {
  const changesOf = () => {
    const { changes } = world.account(provider).client;
    if (!changes) throw new Error('no changes');
    return changes;
  };

  it('tells by itself what was paid, by whom, for what', async () => {
    const sale = await sellToKnown(provider);
    const { payment } = sale.truth;
    if (!payment) throw new Error('nothing was paid');
    const charge = await changesOf().charge(payment.providerPaymentId);
    expect(charge?.payment).toMatchObject({ status: 'succeeded', amount: payment.amount, refundedMinor: 0 });
    expect(charge?.payment.providerPaymentId).toBe(payment.providerPaymentId);
    expect(charge?.providerCustomerId).toBe(sale.providerCustomerId);
    const known = new Set([...sale.truth.objects.map(({ id }) => id), sale.truth.subscription?.providerSubscriptionId]);
    expect(charge?.objects.some(({ id }) => known.has(id))).toBe(true);
    // Where there is no metadata, the objects tell.
    const { checkoutId } = sale.input;
    expect(charge?.metadata['checkout_id'] ?? checkoutId).toBe(checkoutId);
  });

  it('is found by what the list of changes calls it', async () => {
    const since = new Date(Date.now() - 2_000).toISOString();
    const sale = await sell(world, provider);
    const until = new Date(Date.now() + 2_000).toISOString();
    const facts = await everything((query) => changesOf().list({ since, until, ...query }), 50);
    const own = new Set(sale.truth.objects.map(({ id }) => id));
    const fact = facts.find(({ about, objectId }) => about === 'charge' && own.has(objectId));
    const charge = await changesOf().charge(fact?.charge ?? '');
    expect(charge?.payment.providerPaymentId).toBe(sale.truth.payment?.providerPaymentId);
  });

  it('that nobody made is null', async () => {
    const { truth } = await sell(world, provider);
    const id = truth.payment?.providerPaymentId ?? '';
    expect(await changesOf().charge(`${id.slice(0, -6)}000000`)).toBeNull();
  });
});

describe.each(providersWith('webhookEndpoints.create'))('webhook endpoints at %s', (provider) => {
  it('send what the new secret verifies, until they are removed', async () => {
    const received: { rawBody: Buffer; headers: Record<string, string> }[] = [];
    const inbox = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        received.push({ rawBody: Buffer.concat(chunks), headers });
        response.writeHead(200).end();
      });
    });
    const url = `${await listen(inbox)}/hook`;
    try {
      const { webhookEndpoints } = world.account(provider).client;
      if (!webhookEndpoints) throw new Error('no endpoints');
      const { endpoint, credentials } = await webhookEndpoints.create({ url, ...key() });
      expect((await webhookEndpoints.list()).map((known) => known.url)).toContain(url);
      for (const name of Object.keys(credentials)) expect(moduleOf(provider).credentials).toHaveProperty(name);
      await sell(world, provider);
      await world.facts(provider, '');
      expect(received.length).toBeGreaterThanOrEqual(1);
      const secrets = Object.values(credentials);
      for (const message of received)
        expect(moduleOf(provider).webhook.verify({ ...message, secrets, nowMs: Date.now() })).toBe(true);
      await webhookEndpoints.remove(endpoint.providerEndpointId);
      expect((await webhookEndpoints.list()).map((known) => known.url)).not.toContain(url);
    } finally {
      inbox.closeAllConnections();
      inbox.close();
    }
  });
});

describe.each(providerIds())('a read at %s', (provider) => {
  const read = (account = world.account(provider)) => account.client.customers.find(nextId('org'));

  it('is told to wait, and for how long', async () => {
    await world.fault(provider, 'rate_limited', { operation: null, retry_after_s: 3 });
    await expect(read()).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 3_000 });
  });

  it.each([
    ['malformed', {}],
    ['status', { status: 503 }],
    ['reset', {}],
    ['timeout_before_work', {}],
  ])('is unavailable after %s, and right the next time', async (kind, more) => {
    await world.fault(provider, kind, { operation: null, ...more });
    await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await read()).toBeNull();
  });

  it('is unavailable when the answer breaks off', async () => {
    const breaking = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
      response.write('{"data": [', () => response.destroy());
    });
    const url = await listen(breaking);
    const baseUrl = credentialsOf(provider).find(([name]) => name.endsWith('_BASE_URL'))?.[0] ?? '';
    try {
      await expect(read(world.account(provider, { [baseUrl]: url }))).rejects.toMatchObject({ kind: 'unavailable' });
    } finally {
      breaking.closeAllConnections();
      breaking.close();
    }
  });
});

describe.each(providerIds())('messages of %s', (provider) => {
  it('are the same event when they come twice, late or out of order', async () => {
    await world.facts(provider, '');
    const before = world.deliveries(provider).length;
    await world.fault(provider, 'webhook_duplicate', { operation: null, times: null });
    await world.fault(provider, 'webhook_reordered', { operation: null, times: 1, latency_ms: 100 });
    const sale = await sell(world, provider);
    const facts = await world.factsSince(provider, before);
    await world.control('DELETE', 'faults');
    const byEvent = Map.groupBy(facts, (fact) => fact.eventId);
    for (const [, same] of byEvent) expect(new Set(same.map((fact) => JSON.stringify(fact))).size).toBe(1);
    expect(facts.length).toBeGreaterThan(byEvent.size);
    expect(sale.truth.state).toBe('paid');
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
