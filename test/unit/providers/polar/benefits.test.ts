import { describe, expect, it } from 'vitest';
import { benefitBody, BENEFIT_TYPES } from '../../../../src/providers/polar/benefit-properties.ts';
import { createPolarBenefits } from '../../../../src/providers/polar/benefits.ts';
import { fakePolar, missing, ok, page, type FakeRequest } from './fake-polar.ts';

const uuid = '0193f3a0-0000-7000-8000-000000000001';
const organization = async () => ({ id: 'org', name: 'Plinto', currency: 'eur' });
const benefit = {
  id: 'b1',
  type: 'custom',
  description: 'Early access',
  is_deleted: false,
  properties: { note: null },
  metadata: { benefit_id: 'ben_1' },
};

/** One full set of properties per type, and one that its type refuses. */
const samples: Readonly<Record<string, readonly [Record<string, unknown>, Record<string, unknown>]>> = {
  custom: [{ note: 'hello' }, { note: 7 }],
  discord: [
    { guild_token: 't', role_id: '1', kick_member: true },
    { guild_token: 't', role_id: '1' },
  ],
  github_repository: [
    { repository_owner: 'plinto', repository_name: 'pro', permission: 'pull' },
    { repository_owner: 'plinto', repository_name: 'pro', permission: 'own' },
  ],
  downloadables: [{ files: [uuid], archived: { [uuid]: false } }, { files: [] }],
  license_keys: [
    {
      prefix: 'PRO',
      expires: { ttl: 1, timeframe: 'year' },
      activations: { limit: 3, enable_customer_admin: true },
      limit_usage: 10,
    },
    { activations: { limit: 0, enable_customer_admin: true } },
  ],
  meter_credit: [
    { units: 100, rollover: false, meter_id: uuid },
    { units: 1.5, rollover: false, meter_id: uuid },
  ],
  feature_flag: [{}, { flag: 'x' }],
  slack_shared_channel: [
    { slack_integration_id: uuid, channel_name_template: 'vip', private: true, team_invitees: [] },
    { slack_integration_id: uuid, channel_name_template: '' },
  ],
};

describe('what a benefit at Polar is made of', () => {
  it('has a sample of every type', () => {
    expect(Object.keys(samples)).toEqual(BENEFIT_TYPES);
  });

  it.each(Object.entries(samples))('%s is checked before it is sent', (type, [good, bad]) => {
    const input = { benefitId: 'ben_1', type, description: 'Early access' };
    expect(benefitBody({ ...input, properties: good })).toEqual({
      type,
      description: 'Early access',
      properties: good,
      metadata: { benefit_id: 'ben_1' },
    });
    expect(() => benefitBody({ ...input, properties: bad })).toThrow(/as its type needs/);
  });

  it('tells every fault by its place', () => {
    const input = { benefitId: 'b', type: 'github_repository', description: 'x', properties: { permission: 'own' } };
    let thrown: unknown;
    try {
      benefitBody(input);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'benefit_properties_invalid', kind: 'invalid' });
    const pointers = (thrown as { faults: { pointer: string }[] }).faults.map(({ pointer }) => pointer);
    expect(pointers.toSorted()).toEqual([
      '/description',
      '/properties/permission',
      '/properties/repository_name',
      '/properties/repository_owner',
    ]);
    expect(() => benefitBody({ ...input, type: 'hat' })).toThrow(/as its type needs/);
  });
});

describe('a benefit in our words', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['feature_flag', { feature: 'beta' }, {}],
    [
      'github_repository',
      { repository: 'plinto/pro', permission: 'pull' },
      { repository_owner: 'plinto', repository_name: 'pro', permission: 'pull' },
    ],
    [
      'discord',
      { guild_id: '123456', role_id: '1', guild_token: 't' },
      { guild_token: 't', role_id: '1', kick_member: false },
    ],
    [
      'license_keys',
      { prefix: 'PRO', activation_limit: 3, limit_usage: null, expires: null },
      { prefix: 'PRO', activations: { limit: 3, enable_customer_admin: true }, limit_usage: null, expires: null },
    ],
    ['license_keys', { prefix: null, activation_limit: null }, { prefix: null }],
  ])('is sent in Polar’s: %s', (type, ours, theirs) => {
    const input = { benefitId: 'ben_1', type, description: 'Early access' };
    expect(benefitBody({ ...input, properties: ours })).toMatchObject({ properties: theirs });
  });

  it('is refused where Polar needs more: its own meter, its bot’s token, an uploaded file', () => {
    const input = { benefitId: 'ben_1', description: 'Early access' };
    for (const [type, properties] of Object.entries({
      meter_credit: { meter: 'api_calls', units: 5 },
      discord: { guild_id: '123456', role_id: '1' },
      downloadables: { files: ['https://files.example/kit.zip'] },
    }))
      expect(() => benefitBody({ ...input, type, properties })).toThrow(/as its type needs/);
  });
});

describe('benefits at Polar', () => {
  it('are defined once', async () => {
    let defined: readonly unknown[] = [];
    const { api, sent } = fakePolar({
      'GET /v1/benefits/': () => page(...defined),
      'POST /v1/benefits/': () => {
        defined = [benefit];
        return ok(benefit);
      },
    });
    const benefits = createPolarBenefits(api, organization);
    const input = { ...benefit, idempotencyKey: 'k', benefitId: 'ben_1' };
    const truth = { providerBenefitId: 'b1', benefitId: 'ben_1', isDeleted: false };
    await expect(benefits.ensure(input)).resolves.toMatchObject(truth);
    await expect(benefits.ensure(input)).resolves.toMatchObject(truth);
    expect(sent()).toHaveLength(1);
  });

  it('may be gone already when they are removed', async () => {
    const { api } = fakePolar({ 'DELETE /v1/benefits/b1': missing, 'GET /v1/benefits/b1': missing });
    const benefits = createPolarBenefits(api, organization);
    await expect(benefits.remove({ providerBenefitId: 'b1', idempotencyKey: 'k' })).resolves.toBeUndefined();
    await expect(benefits.get('b1')).resolves.toBeNull();
  });
});

/** A Polar that keeps the hidden product and the subscriptions to it. */
function grantingPolar() {
  const product = { id: 'p1', name: 'Early access', prices: [], benefits: [] as { id: string }[], metadata: {} };
  let products: (typeof product)[] = [];
  const subscriptions: { id: string; status: string; cancel_at_period_end: boolean; customer_id: string }[] = [];
  const statuses = ({ query }: FakeRequest) => new Set([query.status].flat());
  const fake = fakePolar({
    'GET /v1/benefits/b1': ok(benefit),
    'GET /v1/products/': () => page(...products),
    'POST /v1/products/': ({ body }) => {
      products = [{ ...product, metadata: { ...(body?.metadata as object) } }];
      return ok(products[0]);
    },
    'POST /v1/products/p1/benefits': () => {
      products = products.map((item) => ({ ...item, benefits: [{ id: 'b1' }] }));
      return ok(products[0]);
    },
    'GET /v1/subscriptions/': (request) => page(...subscriptions.filter(({ status }) => statuses(request).has(status))),
    'POST /v1/subscriptions/': () => {
      const made = { id: 's1', status: 'active', cancel_at_period_end: false, customer_id: 'c1' };
      subscriptions.push(made);
      return ok(made);
    },
    'PATCH /v1/subscriptions/s1': () => {
      for (const item of subscriptions) item.status = 'canceled';
      return ok(subscriptions[0]);
    },
  });
  return { ...fake, benefits: createPolarBenefits(fake.api, organization) };
}

describe('giving a benefit without a purchase', () => {
  const input = { providerCustomerId: 'c1', providerBenefitId: 'b1', idempotencyKey: 'k' };

  it('subscribes the customer to a hidden free product that brings only it, once', async () => {
    const { benefits, sent } = grantingPolar();
    await expect(benefits.grant(input)).resolves.toEqual({ providerSubscriptionId: 's1' });
    await expect(benefits.grant(input)).resolves.toEqual({ providerSubscriptionId: 's1' });
    expect(sent().map(({ route, body }) => [route, body])).toEqual([
      [
        'POST /v1/products/',
        {
          name: 'Early access',
          visibility: 'private',
          recurring_interval: 'month',
          prices: [{ amount_type: 'fixed', price_amount: 0, price_currency: 'eur' }],
          metadata: { grants_benefit_id: 'b1' },
        },
      ],
      ['POST /v1/products/p1/benefits', { benefits: ['b1'] }],
      ['POST /v1/subscriptions/', { product_id: 'p1', customer_id: 'c1', metadata: { grants_benefit_id: 'b1' } }],
    ]);
  });

  it('takes it back by ending that subscription, and is content when there is none', async () => {
    const { benefits, sent } = grantingPolar();
    await benefits.revoke(input);
    expect(sent()).toEqual([]);
    await benefits.grant(input);
    await benefits.revoke(input);
    await benefits.revoke(input);
    expect(
      sent()
        .filter(({ route }) => route.startsWith('PATCH'))
        .map(({ body }) => body),
    ).toEqual([{ revoke: true }]);
  });
});
