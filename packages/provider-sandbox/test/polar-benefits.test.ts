import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';

let polar: PolarCaller;

beforeAll(async () => {
  polar = await startPolarCaller();
});
afterAll(() => polar.harness.sandbox.close());

async function aProductWith(benefits: readonly object[], over: Record<string, unknown> = {}): Promise<string> {
  const product = await polar.make('/v1/products/', aMonthlyPlan(1000, over));
  const ids = [];
  for (const benefit of benefits) ids.push(await polar.make('/v1/benefits/', benefit));
  await polar.call('POST', `/v1/products/${product}/benefits`, { benefits: ids });
  return product;
}
const note = { type: 'custom', description: 'A note', properties: { note: 'hello' } };
const keys = {
  type: 'license_keys',
  description: 'A key',
  properties: {
    prefix: 'ACME',
    limit_usage: 2,
    activations: { limit: 1, enable_customer_admin: true },
    expires: { ttl: 1, timeframe: 'year' },
  },
};
const discord = {
  type: 'discord',
  description: 'A role',
  properties: { guild_token: 'guild', role_id: 'role', kick_member: false },
};
const grantsOf = (customer: string) => polar.items(`/v1/benefit-grants/?customer_id=${customer}&limit=50`);
async function sessionToken(customer: string): Promise<string> {
  return String((await polar.call('POST', '/v1/customer-sessions/', { customer_id: customer })).body['token']);
}

describe("Polar's benefits", () => {
  it('come with the purchase, leave when past due, return on recovery and go with the end', async () => {
    const product = await aProductWith([note]);
    const { customer, subscription } = await polar.buys(product, { card: '4000000000000341' });
    const granted = async () => (await grantsOf(customer)).map((grant) => grant['is_granted']);
    expect(await granted()).toEqual([true]);
    expect((await polar.call('GET', `/v1/customers/${customer}/state`)).body['granted_benefits']).toHaveLength(1);
    await polar.advance('P32D');
    expect(await granted()).toEqual([false]);
    const token = await sessionToken(customer);
    const card = { confirmation_token_id: '4242424242424242', set_default: true, return_url: 'https://app.example' };
    await polar.call('POST', '/v1/customer-portal/customers/me/payment-methods', card, token);
    expect(await granted()).toEqual([true]);
    await polar.call('DELETE', `/v1/subscriptions/${String(subscription?.['id'])}`);
    expect(await grantsOf(customer)).toMatchObject([{ is_granted: false, is_revoked: true }]);
    expect((await polar.call('GET', `/v1/customers/${customer}/state`)).body['granted_benefits']).toEqual([]);
  });

  it('stay for the grace that the organization gives', async () => {
    const { id } = (await polar.items('/v1/organizations/'))[0] ?? {};
    const settings = (days: number) => ({
      subscription_settings: {
        ...{ allow_multiple_subscriptions: false, proration_behavior: 'prorate', prevent_trial_abuse: false },
        ...{ allow_customer_updates: true, benefit_revocation_grace_period: days },
      },
    });
    await polar.call('PATCH', `/v1/organizations/${String(id)}`, settings(2));
    const product = await aProductWith([note]);
    const { customer, subscription } = await polar.buys(product, { card: '4000000000000341' });
    await polar.harness.control('POST', '/clock', { now: String(subscription?.['current_period_end']) });
    expect(await grantsOf(customer)).toMatchObject([{ is_granted: true }]);
    await polar.advance('P2DT1H');
    expect(await grantsOf(customer)).toMatchObject([{ is_revoked: true }]);
    await polar.call('PATCH', `/v1/organizations/${String(id)}`, settings(0));
  });

  it('wait for an account and are granted once the customer links one', async () => {
    const { customer } = await polar.buys(await aProductWith([discord]));
    const [waiting] = await grantsOf(customer);
    expect(waiting).toMatchObject({
      is_granted: false,
      is_revoked: false,
      granted_at: null,
      error: { type: 'BenefitActionRequiredError' },
    });
    const token = await sessionToken(customer);
    const link = { benefit_type: 'discord', properties: { account_id: '123' } };
    const path = `/v1/customer-portal/benefit-grants/${String(waiting?.['id'])}`;
    expect((await polar.call('PATCH', path, link, token)).status).toBe(200);
    expect(await grantsOf(customer)).toMatchObject([
      { is_granted: true, error: null, properties: { guild_id: 'guild', role_id: 'role', granted_account_id: '123' } },
    ]);
  });

  it('are taken back with a refund of a one-time order that asks for it', async () => {
    const once = await aProductWith([note], { recurring_interval: null });
    const { customer, order } = await polar.buys(once);
    const refund = { order_id: order['id'], amount: 1000, reason: 'customer_request', revoke_benefits: true };
    expect((await polar.call('POST', '/v1/refunds/', refund)).body).toMatchObject({ revoke_benefits: true });
    expect(await grantsOf(customer)).toMatchObject([{ is_revoked: true, order_id: order['id'] }]);
    const recurring = await polar.buys(await aProductWith([note]));
    const refused = await polar.call('POST', '/v1/refunds/', { ...refund, order_id: recurring.order['id'] });
    expect(refused).toMatchObject({ status: 400, body: { error: 'RevokeSubscriptionBenefitsProhibited' } });
  });

  it('give a license key with limits, expiry and tokenless use', async () => {
    const { customer, subscription } = await polar.buys(await aProductWith([keys]));
    const [key] = (await polar.items('/v1/license-keys/?limit=50')).filter((own) => own['customer_id'] === customer);
    expect(key?.['key']).toMatch(/^ACME-[0-9A-F-]{36}$/);
    const own = { key: key?.['key'], organization_id: key?.['organization_id'] };
    const use = (verb: string, body: object = {}) =>
      polar.call('POST', `/v1/customer-portal/license-keys/${verb}`, { ...own, ...body }, 'none');
    const activated = await use('activate', { label: 'laptop', conditions: { major: 1 } });
    expect(activated.status).toBe(200);
    expect((await use('activate', { label: 'desk' })).status).toBe(403);
    const activation = { activation_id: activated.body['id'] };
    expect((await use('validate', activation)).status).toBe(404);
    const valid = { ...activation, conditions: { major: 1 }, increment_usage: 2 };
    expect((await use('validate', valid)).body).toMatchObject({ usage: 2, validations: 1 });
    expect((await use('validate', valid)).status).toBe(400);
    expect((await use('deactivate', activation)).status).toBe(204);
    await polar.call('PATCH', `/v1/license-keys/${String(key?.['id'])}`, { status: 'disabled' });
    expect((await use('validate')).status).toBe(404);
    await polar.call('PATCH', `/v1/license-keys/${String(key?.['id'])}`, { status: 'granted' });
    expect((await use('validate')).status).toBe(200);
    const rotated = await polar.call('POST', `/v1/license-keys/${String(key?.['id'])}/rotate`);
    expect((await use('validate')).status).toBe(404);
    expect((await use('validate', { key: rotated.body['key'] })).status).toBe(200);
    await polar.call('DELETE', `/v1/subscriptions/${String(subscription?.['id'])}`);
    expect((await use('validate', { key: rotated.body['key'] })).status).toBe(404);
  });

  it('hand out files, and are refused when what they name is missing', async () => {
    const file = await polar.make('/v1/files/', {
      ...{ name: 'guide.pdf', mime_type: 'application/pdf', size: 4, service: 'downloadable' },
      upload: { parts: [{ number: 1, chunk_start: 0, chunk_end: 4 }] },
    });
    const files = { type: 'downloadables', description: 'Files', properties: { files: [file] } };
    const { customer } = await polar.buys(await aProductWith([files]));
    const token = await sessionToken(customer);
    const listed = await polar.call('GET', '/v1/customer-portal/downloadables/', undefined, token);
    const [own] = listed.body['items'] as { file: { download: { url: string } } }[];
    expect((await fetch(own?.file.download.url ?? '')).status).toBe(200);
    const unknown = { ...files, properties: { files: ['4a1d3c9e-5b7a-4b5e-9a5d-0c1f2e3d4b5a'] } };
    expect((await polar.call('POST', '/v1/benefits/', unknown)).status).toBe(422);
  });
});
