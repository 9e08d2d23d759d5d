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

interface Decided {
  readonly bucket: number;
  readonly country: string | null;
  readonly country_source: string;
  readonly fallbacks: readonly string[];
  readonly policy: string;
  readonly policy_version: number;
  readonly rule: string;
  readonly considered: readonly { readonly rule: string; readonly failed: string | null; readonly outcome?: string }[];
}

/** What both answers say of routing, or why it was refused. */
interface Told extends Decided {
  readonly code?: string;
  readonly checkout_id?: string;
  readonly status: string;
  readonly amount: unknown;
  readonly payment_methods: unknown;
  readonly refusal: { readonly code: string } | null;
  readonly attempts: readonly string[];
  readonly routing: Decided;
}
const told = (body: unknown) => body as Told;

function foretold(answer: Told) {
  const code = answer.code ?? answer.refusal?.code;
  if (code !== undefined) return { code };
  const { amount, bucket, country, country_source, fallbacks, policy, policy_version, rule } = answer;
  const reached = answer.considered.filter(({ outcome }) => outcome !== 'not_reached');
  return {
    ...{ amount, provider: answer.attempts[0] ?? null, payment_methods: answer.payment_methods },
    routing: { bucket, country, country_source, fallbacks, policy, policy_version, rule },
    considered: reached.map(({ failed, rule }) => ({ failed, rule })),
  };
}

/** @param provider The first that was to be asked, as the row of the decision has it. */
function happened({ amount, code, payment_methods, routing }: Told, provider: unknown) {
  if (code !== undefined) return { code };
  const { considered, ...decided } = routing;
  return {
    ...{ amount, provider, payment_methods, routing: decided },
    considered: considered.map(({ failed, rule }) => ({ failed, rule })),
  };
}

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
    const kinds = new Set<string>();
    for (const [index, body] of fc.sample(someBody, { numRuns: 60, seed: 20_261_121 }).entries()) {
      const organization_id = index % 10 === 0 ? preferring : `org_${randomUUID()}`;
      const before = told((await explain({ ...body, organization_id })).body);
      const made = told((await api.call('POST', '/billing/checkout', { body: { ...body, organization_id } })).body);
      const asked = await api.query('select provider from routing_decisions where checkout_id = ?', [
        made.checkout_id ?? '',
      ]);
      expect(foretold(before)).toEqual(happened(made, asked[0]?.['provider']));
      kinds.add(before.code ?? before.status);
    }
    expect([...kinds].sort()).toEqual(['needs_no_provider', 'price_not_found', 'would_be_refused', 'would_open']);
  }, 120_000);

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
      country_evidence: expect.arrayContaining([
        { source: 'billing_address', country: null, note: 'not given', used: false },
        { source: 'request', country: 'US', note: null, used: true },
        expect.objectContaining({ source: 'cdn_header', used: false }),
      ]),
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
    const breaker = (state: string) =>
      api.call('POST', '/ops/providers/world/breaker', { body: { state, reason: 'A test of ours.' } });
    expect((await breaker('open')).status).toBe(200);
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
