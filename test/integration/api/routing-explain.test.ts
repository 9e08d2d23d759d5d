import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const explain = (body: Record<string, unknown>, options: Parameters<TestApi['call']>[2] = {}) =>
  api.call('POST', '/ops/routing/explain', { body, ...options });
const wish = (more: Record<string, unknown> = {}) => ({
  organization_id: `org_${randomUUID()}`,
  product_id: 'starter-kit',
  ...more,
});

/** What both answers say of routing, or why it was refused. */
interface Told {
  readonly code?: string;
  readonly status: string;
  readonly provider: string | null;
  readonly amount: unknown;
  readonly payment_methods: unknown;
  readonly refusal: { readonly code: string } | null;
  readonly attempts: readonly string[];
  readonly routing: {
    readonly considered: readonly { readonly rule: string; readonly failed: string | null }[];
  } & Record<string, unknown>;
  readonly considered: readonly { readonly rule: string; readonly failed: string | null; readonly outcome: string }[];
}
const told = (body: unknown) => body as Told & Record<string, unknown>;

const someBody = fc.record({
  product_id: fc.constantFrom('starter-kit', 'pro', 'free'),
  country: fc.constantFrom('US', 'MX', 'RU', 'KP', 'DE', null),
  card_country: fc.constantFrom('MX', 'US', null),
  currency: fc.constantFrom(null, null, 'USD', 'MXN'),
  quantity: fc.constantFrom(1, 1, 3),
  payment_methods: fc.constantFrom(null, null, ['card'], ['oxxo'], ['ach', 'spei']),
  email: fc.constantFrom('ana@example.com', null),
  provider: fc.constantFrom(null, null, null, 'world', 'merchant'),
  discount_code: fc.constantFrom(null, 'TEN'),
});

describe('an explanation', () => {
  it('never differs from the checkout that is then made', async () => {
    const preferring = `org_${randomUUID()}`;
    await api.call('PUT', `/billing/organizations/${preferring}`, {
      body: { preferred_provider: 'world', country: 'DE' },
    });
    for (const [index, body] of fc.sample(someBody, { numRuns: 60, seed: 20_261_121 }).entries()) {
      const organization_id = index % 10 === 0 ? preferring : `org_${randomUUID()}`;
      const before = told((await explain({ ...body, organization_id })).body);
      const made = told((await api.call('POST', '/billing/checkout', { body: { ...body, organization_id } })).body);
      if (before.status === 'would_be_refused' || before.refusal) expect(made.code).toBe(before.refusal?.code);
      else if (made.code !== undefined) expect(before.code).toBe(made.code);
      else {
        const { considered, ...routing } = made.routing;
        expect(before).toMatchObject(routing);
        expect(before.attempts[0] ?? null).toBe(made.provider);
        expect(before.amount).toEqual(made.amount);
        expect(before.payment_methods).toEqual(made.payment_methods);
        const reached = before.considered.filter(({ outcome }) => outcome !== 'not_reached');
        expect(reached.map(({ failed, rule }) => ({ failed, rule }))).toEqual(
          considered.map(({ failed, rule }) => ({ failed, rule })),
        );
      }
    }
  });

  it('writes nothing and starts nothing', async () => {
    const counts = () =>
      api.query(`select (select count(*) from checkouts) as checkouts, (select count(*) from organizations) as organizations,
        (select count(*) from audit_log) as audit, (select count(*) from routing_decisions) as decisions`);
    const before = await counts();
    const opened = api.temporal.opened.length;
    for (const country of ['US', 'KP', 'MX']) expect((await explain(wish({ country }))).status).toBe(200);
    expect(await counts()).toEqual(before);
    expect(api.temporal.opened).toHaveLength(opened);
  });

  it('tells every piece of evidence, each rule and the fact it failed on', async () => {
    const { body } = await explain(wish({ country: 'US', email: 'a@b.example' }));
    expect(body).toMatchObject({
      ...{ status: 'would_open', country: 'US', country_source: 'request', attempts: ['merchant', 'world'] },
      why: 'rule merchant-of-record: a country that merchant serves → merchant',
      country_evidence: [
        { source: 'billing_address', country: null, used: false },
        { source: 'request', country: 'US', used: true },
        { source: 'profile', used: false },
        { source: 'cdn_header', used: false },
        { source: 'ip', used: false },
      ],
      considered: [
        {
          rule: 'mexico-local',
          outcome: 'failed',
          failed: 'country',
          why: 'it asks for country MX; the country is US',
        },
        { rule: 'merchant-of-record', outcome: 'held' },
        { rule: 'country-unknown', outcome: 'not_reached' },
      ],
    });
  });

  it('names the block, with its date and reason', async () => {
    const { body } = await explain(wish({ country: 'KP' }));
    expect(body).toMatchObject({
      ...{ status: 'would_be_refused', refusal: { code: 'country_blocked' }, attempts: [] },
      blocked: { country: 'KP', since: '2026-01-01', reason: 'Embargo.' },
    });
  });

  it('says who is left out, and who steps in', async () => {
    const { body } = await explain(wish({ country: 'MX', currency: 'USD', email: 'a@b.example' }));
    expect(body).toMatchObject({
      ...{ provider: 'local', attempts: ['world'] },
      skipped: [{ provider: 'local', reason: 'unsupported', why: 'it does not charge USD' }],
      why: 'rule mexico-local: country MX and card country MX or unknown → local; it is left out, for it does not charge USD, and world steps in',
    });
  });

  it('takes another policy, by name or whole', async () => {
    const policy = {
      ...{ name: 'try', description: '', fallback_provider: 'world' },
      rules: [{ id: 'all', when: {}, provider: 'world' }],
    };
    expect((await explain({ ...wish({ country: 'US' }), policy })).body).toMatchObject({
      rule: 'all',
      attempts: ['world'],
    });
    const wrong = { ...policy, rules: [...policy.rules, { id: 'late', when: {}, provider: 'merchant' }] };
    expect((await explain({ ...wish(), policy: wrong })).body.errors).toMatchObject([{ pointer: '/policy/rules/1' }]);
    expect((await explain({ ...wish({ country: 'US' }), policy: 'standard' })).body).toMatchObject({
      policy: 'standard',
    });
    expect(await explain({ ...wish(), policy: 'none' })).toMatchObject({
      status: 404,
      body: { code: 'routing_policy_not_found' },
    });
  });

  it('is for operators, and for an organization', async () => {
    expect((await explain(wish(), { key: api.keys.reader })).status).toBe(403);
    expect((await explain({ product_id: 'pro' })).body).toMatchObject({ code: 'organization_required' });
    expect((await explain(wish({ product_id: 'nothing' }))).body).toMatchObject({ code: 'product_not_found' });
  });

  it('knows a breaker that is open, and a checkout then says 503 when nobody else is left', async () => {
    const body = wish({ country: 'US', provider: 'world', email: 'a@b.example' });
    await api.call('PATCH', '/ops/providers/world/health', { body: { state: 'open', reason: 'A test of ours.' } });
    const { body: told } = await explain(body);
    expect(told).toMatchObject({
      refusal: { code: 'no_provider_available' },
      skipped: [{ provider: 'world', reason: 'unavailable' }],
    });
    const refused = await api.call('POST', '/billing/checkout', { body });
    expect(refused).toMatchObject({ status: 503, body: { code: 'no_provider_available' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
