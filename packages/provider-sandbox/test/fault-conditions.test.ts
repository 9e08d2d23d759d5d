import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aConektaOrder, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { stripe: receiver.url('stripe') } });
});
afterEach(() => harness.control('DELETE', '/faults'));
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const addFault = (fault: object) =>
  harness.control('POST', '/faults', { provider: 'stripe', kind: 'status', ...fault });
const statusOf = async (call: Promise<unknown>): Promise<number> => {
  try {
    await call;
    return 200;
  } catch (error) {
    return (error as { statusCode: number }).statusCode;
  }
};
const create = (params: object) => statusOf(harness.stripe.customers.create(params));

describe('faults with conditions', () => {
  it('strike only the form bodies that carry the value', async () => {
    await addFault({ status: 503, when: { body: { 'metadata.checkout_id': 'chk_1' } } });
    expect(await create({ metadata: { checkout_id: 'chk_2' } })).toBe(200);
    expect(await create({ metadata: { checkout_id: 'chk_1' } })).toBe(503);
  });

  it('strike only the JSON bodies that carry the value', async () => {
    const when = { body: { 'line_items.0.unit_price': 89900, 'metadata.checkout_id': 'chk_json' } };
    await harness.control('POST', '/faults', { provider: 'conekta', kind: 'status', status: 500, when });
    expect((await harness.conekta('POST', '/orders', aConektaOrder('chk_else'))).status).toBeLessThan(300);
    expect((await harness.conekta('POST', '/orders', aConektaOrder('chk_json'))).status).toBe(500);
  });

  it('strike only paths that match', async () => {
    await addFault({ status: 500, when: { path: '^/v1/customers/cus_' } });
    const { id } = await harness.stripe.customers.create({ email: 'path@example.com' });
    expect(await statusOf(harness.stripe.customers.retrieve(id))).toBe(500);
  });

  it('strike only the nth request that fits, and are over then', async () => {
    await addFault({ status: 500, when: { nth: 2, body: { email: 'nth@example.com' } } });
    expect(await create({ email: 'else@example.com' })).toBe(200);
    expect(await create({ email: 'nth@example.com' })).toBe(200);
    expect(await create({ email: 'nth@example.com' })).toBe(500);
    expect(await create({ email: 'nth@example.com' })).toBe(200);
    expect((await harness.control('GET', '/faults')).body).toEqual([]);
  });

  it('strike only one account', async () => {
    const other = harness.sandbox.createAccount();
    await addFault({ status: 500, when: { account: other.id } });
    expect(await create({ email: 'default@example.com' })).toBe(200);
    const answer = await fetch(`${other.config.stripe.base_url}/v1/customers`, {
      headers: { authorization: `Bearer ${other.config.stripe.api_key}` },
    });
    expect(answer.status).toBe(500);
  });

  it('look into events for the webhook kinds', async () => {
    await addFault({ kind: 'webhook_lost', when: { body: { 'data.object.email': 'lost@example.com' } } });
    await create({ email: 'lost@example.com' });
    await create({ email: 'sent@example.com' });
    await receiver.waitFor(({ body }) => body.includes('sent@example.com'));
    expect(receiver.received.some(({ body }) => body.includes('lost@example.com'))).toBe(false);
  });

  it.each([
    ['a broken pattern', { path: '(' }],
    ['an object to compare with', { body: { metadata: {} } }],
    ['a zeroth request', { nth: 0 }],
    ['an unknown condition', { header: 'x' }],
  ])('are refused with %s', async (_what, when) => {
    expect((await addFault({ when })).status).toBe(422);
  });

  it('are refused for an account that is not there', async () => {
    expect((await addFault({ when: { account: 'acc_none' } })).status).toBe(404);
  });
});
