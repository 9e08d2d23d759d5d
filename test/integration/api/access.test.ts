import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, createLocalJWKSet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier } from '../../../src/api/user-tokens.ts';
import { startApi, type TestApi } from './support.ts';

const jwt = { issuer: 'https://id.example', audience: 'billing', jwksUrl: 'https://id.example/jwks' };
let api: TestApi;
let signUser: (organizations: unknown, more?: { audience?: string; expires?: string }) => Promise<string>;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA' }] });
  signUser = (organizations, more = {}) =>
    new SignJWT({ organizations })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
      .setIssuer(jwt.issuer)
      .setAudience(more.audience ?? jwt.audience)
      .setSubject('user_1')
      .setExpirationTime(more.expires ?? '5m')
      .sign(privateKey);
  api = await startApi({ verifyUserToken: createTokenVerifier(jwt, keys) });
});
afterAll(() => api.close());

const newOrganization = () => `org_${randomUUID()}`;

async function checkoutOf(organizationId: string, more: Record<string, unknown> = {}): Promise<string> {
  const made = await api.call('POST', '/billing/checkout', {
    body: { organization_id: organizationId, product_id: 'starter-kit', country: 'US', ...more },
  });
  return made.body.checkout_id;
}

async function sessionOf(organizationId: string, more: Record<string, unknown> = {}) {
  const opened = await api.call('POST', '/billing/sessions', { body: { organization_id: organizationId, ...more } });
  expect(opened.status).toBe(201);
  return { key: api.keys.publishable, headers: { 'plinto-session': opened.body.session_token } };
}

describe('keys', () => {
  it.each([
    ['none', null],
    ['a made-up one', 'sk_test_doesnotexist00'],
    ['something else', 'hello'],
  ])('refuse %s with 401', async (_what, key) => {
    const refused = await api.call('GET', '/billing/plans', { key });
    expect(refused).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('refuse what their scopes do not cover', async () => {
    const { reader, secret } = api.keys;
    expect((await api.call('GET', '/billing/plans', { key: reader })).status).toBe(200);
    expect(await api.call('POST', '/billing/sessions', { key: reader, body: { organization_id: 'a' } })).toMatchObject({
      status: 403,
      body: { code: 'insufficient_scope', required: 'the scope billing:write' },
    });
    expect((await api.call('GET', '/ops/audit', { key: reader })).status).toBe(403);
    expect((await api.call('GET', '/ops/audit', { key: secret })).status).toBe(200);
  });

  it('keep projects and modes apart', async () => {
    const id = await checkoutOf(newOrganization());
    for (const key of [api.keys.other, api.keys.live])
      expect(await api.call('GET', `/billing/checkouts/${id}`, { key })).toMatchObject({
        status: 404,
        body: { code: 'checkout_not_found' },
      });
    expect((await api.call('GET', '/billing/checkouts', { key: api.keys.live })).body.data).toEqual([]);
    expect((await api.call('GET', '/billing/plans/pro', { key: api.keys.other })).status).toBe(404);
  });

  it('answer 404 for ids that are none', async () => {
    for (const id of ['chk_1', 'nonsense', `sub_${'0'.repeat(32)}`, `chk_${'0'.repeat(32)}`])
      expect((await api.call('GET', `/billing/checkouts/${id}`)).status).toBe(404);
  });
});

describe('a publishable key', () => {
  it('alone sees plans without provider ids, and starts and reads a checkout', async () => {
    const key = api.keys.publishable;
    const plan = await api.call('GET', '/billing/plans/pro', { key });
    expect(plan).toMatchObject({ status: 200, body: { provider_ids: null } });
    const made = await api.call('POST', '/billing/checkout', {
      key,
      body: { organization_id: newOrganization(), product_id: 'pro', country: 'US' },
    });
    expect(made.status).toBe(201);
    expect((await api.call('GET', `/billing/checkouts/${made.body.checkout_id}`, { key })).status).toBe(200);
  });

  it('alone does no more', async () => {
    const key = api.keys.publishable;
    for (const path of ['/billing/checkouts', '/billing/subscriptions', '/billing/invoices', '/ops/providers'])
      expect((await api.call('GET', path, { key })).status).toBe(403);
    const setup = { organization_id: 'a', mode: 'setup' };
    expect((await api.call('POST', '/billing/checkout', { key, body: setup })).status).toBe(403);
    const trial = { organization_id: 'a', product_id: 'pro', trial_days: 90 };
    expect((await api.call('POST', '/billing/checkout', { key, body: trial })).status).toBe(403);
  });
});

describe('a session', () => {
  it('narrows to its organization', async () => {
    const mine = newOrganization();
    const theirs = await checkoutOf(newOrganization());
    const ours = await checkoutOf(mine);
    const session = await sessionOf(mine);
    expect((await api.call('GET', `/billing/checkouts/${ours}`, session)).status).toBe(200);
    expect((await api.call('GET', `/billing/checkouts/${theirs}`, session)).status).toBe(404);
    expect((await api.call('GET', '/billing/checkouts', session)).body.data).toHaveLength(1);
    expect((await api.call('GET', '/billing/checkouts?organization_id=someone', session)).status).toBe(404);
    const foreign = { organization_id: 'someone', product_id: 'pro' };
    expect(await api.call('POST', '/billing/checkout', { ...session, body: foreign })).toMatchObject({
      status: 404,
      body: { code: 'organization_not_found' },
    });
    const made = await api.call('POST', '/billing/checkout', {
      ...session,
      body: { product_id: 'pro', country: 'US' },
    });
    expect(made.body.organization_id).toBe(mine);
  });

  it('is stored as a hash only, and audited', async () => {
    const organization = newOrganization();
    const session = await sessionOf(organization);
    const rows = JSON.stringify(await api.query('select * from sessions where organization_id = ?', [organization]));
    expect(rows).not.toContain(session.headers['plinto-session']);
    const [entry] = await api.query('select action from audit_log where entity_id = ?', [organization]);
    expect(entry?.['action']).toBe('session.created');
  });

  it('is refused once it has expired, and to the other mode', async () => {
    const organization = newOrganization();
    const session = await sessionOf(organization);
    await api.query("update sessions set expires_at = now() - interval '1 s' where organization_id = ? returning 1", [
      organization,
    ]);
    expect((await api.call('GET', '/billing/checkouts', session)).status).toBe(401);
    const other = await sessionOf(newOrganization());
    expect((await api.call('GET', '/billing/checkouts', { ...other, key: api.keys.live })).status).toBe(401);
  });

  it('does only what its permissions say', async () => {
    const organization = newOrganization();
    const id = await checkoutOf(organization);
    const reader = await sessionOf(organization);
    const manager = await sessionOf(organization, { permissions: ['read', 'manage'] });
    expect((await api.call('POST', `/billing/checkouts/${id}/expire`, { ...reader, body: {} })).status).toBe(403);
    expect((await api.call('POST', `/billing/checkouts/${id}/expire`, { ...manager, body: {} })).status).toBe(200);
    const put = await api.call('PUT', `/billing/organizations/${organization}`, { ...manager, body: { name: 'x' } });
    expect(put.status).toBe(403);
  });
});

describe("a user's token", () => {
  const asUser = (token: string) => ({ key: token, headers: { 'plinto-key': api.keys.publishable } });

  it('gives what the role in the organization gives', async () => {
    const organization = newOrganization();
    const id = await checkoutOf(organization);
    const member = asUser(await signUser([{ id: organization, role: 'member' }]));
    const owner = asUser(await signUser([{ id: organization, role: 'owner' }]));
    expect((await api.call('GET', `/billing/checkouts/${id}`, member)).status).toBe(200);
    expect((await api.call('POST', `/billing/checkouts/${id}/expire`, { ...member, body: {} })).status).toBe(403);
    expect((await api.call('POST', `/billing/checkouts/${id}/expire`, { ...owner, body: {} })).status).toBe(200);
    const made = await api.call('POST', '/billing/checkout', {
      ...member,
      body: { product_id: 'pro', user_id: 'forged' },
    });
    const [row] = await api.query('select user_id, organization_id from checkouts where id = ?', [
      made.body.checkout_id,
    ]);
    expect(row).toEqual({ user_id: 'user_1', organization_id: organization });
  });

  it('is refused when forged, meant for others, expired, or without the key', async () => {
    const organizations = [{ id: 'a', role: 'owner' }];
    const good = await signUser(organizations);
    const bad = [
      asUser(`${good.slice(0, -4)}AAAA`),
      asUser(await signUser(organizations, { audience: 'others' })),
      asUser(await signUser(organizations, { expires: '-1h' })),
      { key: good },
      { key: good, headers: { 'plinto-key': api.keys.secret } },
    ];
    for (const options of bad) expect((await api.call('GET', '/billing/checkouts', options)).status).toBe(401);
    expect((await api.call('GET', '/billing/checkouts', asUser(good))).status).toBe(200);
    const unknownRole = asUser(await signUser([{ id: 'a', role: 'god' }]));
    expect((await api.call('GET', '/billing/checkouts?organization_id=a', unknownRole)).status).toBe(404);
  });
});

describe('browsers', () => {
  const preflight = (path: string, origin: string) =>
    api.call('OPTIONS', path, { key: null, headers: { origin, 'access-control-request-method': 'POST' } });

  it('may come from the origins of the project, on publishable routes', async () => {
    const asked = await preflight('/billing/checkout', 'http://localhost:3000');
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(asked.headers.get('access-control-allow-headers')).toContain('Plinto-Session');
    const read = await api.call('GET', '/billing/plans', { headers: { origin: 'https://app.example' } });
    expect(read.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const unauthorized = await api.call('GET', '/billing/plans', {
      key: null,
      headers: { origin: 'https://app.example' },
    });
    expect(unauthorized.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });

  it('from elsewhere, or on other routes, get no permission', async () => {
    expect(
      (await preflight('/billing/checkout', 'https://evil.example')).headers.get('access-control-allow-origin'),
    ).toBeNull();
    expect(
      (await preflight('/billing/sessions', 'https://app.example')).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const foreign = await api.call('GET', '/billing/plans', { headers: { origin: 'https://other.example' } });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });
});
