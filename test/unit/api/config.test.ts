import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeFaults, loadConfig, printableConfig, type Env } from '../../../src/config.ts';
import { createKeyRing, parseEncryptionKeys } from '../../../src/crypto/key-ring.ts';
import { createLogger } from '../../../src/logger.ts';
import { analyzePolicy } from '../../../src/domain/routing/analysis/analyze-policy.ts';
import { abilitiesByProvider, loadPolicies } from '../../../src/policies.ts';
import { abilitiesOf, providerIds } from '../../../src/providers/accounts.ts';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const good: Env = { DATABASE_URL: 'postgres://user:hunter2@db.example/billing', ENCRYPTION_KEYS: key('k1') };
const production: Env = { ...good, ENVIRONMENT: 'production', PUBLIC_URL: 'https://billing.example' };

const faultKeys = (env: Env) => {
  const loaded = loadConfig(env);
  return 'faults' in loaded ? loaded.faults.map((fault) => fault.key).sort() : [];
};

const printed = (env: Env) => {
  const loaded = loadConfig(env);
  if ('faults' in loaded) throw new Error('faults');
  return JSON.stringify(printableConfig(loaded.config));
};

describe('the configuration', () => {
  it('has defaults for all that is no secret', () => {
    const loaded = loadConfig({ DATABASE_URL: 'postgres://localhost/x', ENCRYPTION_KEYS: '' });
    expect(loaded).toMatchObject({
      config: { environment: 'development', port: 8000, publicUrl: 'http://localhost:8000' },
    });
  });

  it('tells every fault at once, by key', () => {
    const env = {
      PORT: 'http',
      LOG_LEVEL: 'loud',
      ENCRYPTION_KEYS: 'k1:short',
      TRUST_PROXY: 'everybody',
      JWKS_URL: 'x',
    };
    expect(faultKeys(env)).toEqual(
      [
        'DATABASE_URL',
        'ENCRYPTION_KEYS',
        'JWKS_URL',
        'JWT_AUDIENCE',
        'JWT_ISSUER',
        'LOG_LEVEL',
        'PORT',
        'TRUST_PROXY',
      ].sort(),
    );
  });

  it('quotes no value in a fault', () => {
    const loaded = loadConfig({ DATABASE_URL: 'mysql://root:hunter2@db', ENCRYPTION_KEYS: 'k1:c2VjcmV0' });
    const text = describeFaults('faults' in loaded ? loaded.faults : []);
    expect(text).toContain('DATABASE_URL');
    expect(text).not.toMatch(/hunter2|c2VjcmV0/);
  });

  it('accepts a good production', () => expect(faultKeys(production)).toEqual([]));

  it.each<[string, Env, string[]]>([
    ['plain http', { PUBLIC_URL: 'http://billing.example' }, ['PUBLIC_URL']],
    ['no public URL', { PUBLIC_URL: '' }, ['PUBLIC_URL']],
    ['no encryption', { ENCRYPTION_KEYS: '' }, ['ENCRYPTION_KEYS']],
    ['a key of zeros', { ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}` }, ['ENCRYPTION_KEYS']],
    [
      'a simulator',
      { ACME_BASE_URL: 'http://localhost:8010', BETA_BASE_URL: 'https://127.0.0.1' },
      ['ACME_BASE_URL', 'BETA_BASE_URL'],
    ],
    ['events to the inside', { OUTBOUND_ALLOW_PRIVATE: 'true' }, ['OUTBOUND_ALLOW_PRIVATE']],
    ['a placeholder', { ACME_WEBHOOK_SECRET: 'changeme' }, ['ACME_WEBHOOK_SECRET']],
  ])('refuses %s in production', (_what, more, keys) => {
    expect(faultKeys({ ...production, ...more })).toEqual(keys);
  });

  it('lets events go inside the network only when told so, and in plain text only outside production', () => {
    const egress = (env: Env) => {
      const loaded = loadConfig(env);
      return 'config' in loaded ? loaded.config.egress : null;
    };
    expect(egress(good)).toEqual({ allowPrivate: false, httpsOnly: false });
    expect(egress({ ...good, OUTBOUND_ALLOW_PRIVATE: 'true' })).toEqual({ allowPrivate: true, httpsOnly: false });
    expect(egress(production)).toEqual({ allowPrivate: false, httpsOnly: true });
    expect(faultKeys({ ...good, OUTBOUND_ALLOW_PRIVATE: 'yes' })).toEqual(['OUTBOUND_ALLOW_PRIVATE']);
  });

  it('believes a CDN header only behind proxies', () => {
    expect(faultKeys({ ...good, CDN_COUNTRY_HEADER: 'CF-IPCountry' })).toEqual(['CDN_COUNTRY_HEADER']);
    expect(faultKeys({ ...good, CDN_COUNTRY_HEADER: 'CF-IPCountry', TRUST_PROXY: '10.0.0.0/8, loopback' })).toEqual([]);
  });

  it('believes a CDN header with the secret of its edge, which is told nobody', () => {
    const secret = { CDN_SECRET_HEADER: 'X-Edge', CDN_SECRET: 'kept-between-us-two' };
    const loaded = loadConfig({ ...good, CDN_COUNTRY_HEADER: 'CF-IPCountry', ...secret });
    expect(loaded).toMatchObject({ config: { cdnSecret: { header: 'x-edge', value: 'kept-between-us-two' } } });
    expect(printed({ ...good, ...secret })).not.toContain('between');
    expect(faultKeys({ ...good, CDN_SECRET_HEADER: 'x-edge' })).toEqual(['CDN_SECRET']);
    expect(faultKeys({ ...good, CDN_SECRET: 'kept-between-us-two' })).toEqual(['CDN_SECRET_HEADER']);
    expect(faultKeys({ ...good, ...secret, CDN_SECRET: 'short' })).toEqual(['CDN_SECRET']);
    expect(faultKeys({ ...production, ...secret, CDN_SECRET: 'changeme-changeme' })).toEqual(['CDN_SECRET']);
  });

  it.each(['0.0.0.0/0', '::/0', '10.0.0.0/8,0.0.0.0/0', '1', '10', 'true', '0x7f.1', 'loopback,', '10.0.0.0/33'])(
    'takes %s for no proxy',
    (ranges) => expect(faultKeys({ ...good, TRUST_PROXY: ranges })).toEqual(['TRUST_PROXY']),
  );

  it('asks geolocation services only when told, in the order told', () => {
    const services = (env: Env) => {
      const loaded = loadConfig({ ...good, ...env });
      return 'config' in loaded ? loaded.config.geoServices : faultKeys({ ...good, ...env });
    };
    expect(services({})).toEqual([]);
    expect(services({ GEO_HTTP_SERVICES: '', IPAPI_KEY: 'abc' })).toEqual([]);
    expect(services({ GEO_HTTP_SERVICES: 'ip-api.com, ipapi.co', IPAPI_KEY: 'abc' })).toEqual([
      { id: 'ip-api.com', baseUrl: null, key: null },
      { id: 'ipapi.co', baseUrl: null, key: 'abc' },
    ]);
    expect(services({ GEO_HTTP_SERVICES: 'ipapi.co', IPAPI_BASE_URL: 'http://127.0.0.1:9000/' })).toMatchObject([
      { baseUrl: 'http://127.0.0.1:9000' },
    ]);
    for (const list of ['ipapi.com', 'ipapi.co,ipapi.co', 'ipapi.co,', 'true'])
      expect(services({ GEO_HTTP_SERVICES: list })).toEqual(['GEO_HTTP_SERVICES']);
    expect(services({ IPAPI_BASE_URL: 'ipapi.co' })).toEqual(['IPAPI_BASE_URL']);
    expect(printed({ ...good, GEO_HTTP_SERVICES: 'ipapi.co', IPAPI_KEY: 'abc-secret' })).not.toContain('abc-secret');
  });

  it('refuses ip-api.com in production, and says why', () => {
    const loaded = loadConfig({ ...production, GEO_HTTP_SERVICES: 'ipapi.co,ip-api.com' });
    expect(describeFaults('faults' in loaded ? loaded.faults : [])).toMatch(
      /GEO_HTTP_SERVICES: .*no TLS.*no commercial/,
    );
    expect(faultKeys({ ...production, GEO_HTTP_SERVICES: 'ipapi.co', IPAPI_KEY: 'abc' })).toEqual([]);
  });

  it('prints no secret', () => {
    const text = printed(good);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(good['ENCRYPTION_KEYS']?.slice(3, 20));
  });

  it('is listed in .env.example', () => {
    const example = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8');
    const source = readFileSync(join(import.meta.dirname, '../../../src/config.ts'), 'utf8');
    const keys = [...source.matchAll(/^ {2}([A-Z][A-Z_]+): unset/gm)].map(([, name]) => name ?? '');
    expect(keys.length).toBeGreaterThan(10);
    for (const name of keys) expect(example).toContain(`${name}=`);
  });
});

describe('the key ring', () => {
  const ring = (...texts: string[]) => {
    const parsed = parseEncryptionKeys(texts.join(','));
    if (!('keys' in parsed)) throw new Error(parsed.faults.join());
    return createKeyRing(parsed.keys);
  };
  const [first, second] = [key('k1'), key('k2')];

  it('reads what an older key wrote, and writes with the first', () => {
    const sealed = ring(first).encrypt(Buffer.from('hello'));
    expect(ring(second, first).decrypt(sealed).toString()).toBe('hello');
    expect(() => ring(first).decrypt(ring(second, first).encrypt(Buffer.from('x')))).toThrow('not in the ring');
  });

  it('notices a changed byte', () => {
    const sealed = ring(first).encrypt(Buffer.from('hello'));
    sealed.writeUInt8(sealed.readUInt8(sealed.length - 1) ^ 1, sealed.length - 1);
    expect(() => ring(first).decrypt(sealed)).toThrow();
  });

  it('never seals the same twice', () => {
    const keys = ring(first);
    expect(keys.encrypt(Buffer.from('x'))).not.toEqual(keys.encrypt(Buffer.from('x')));
  });
});

describe('the log', () => {
  it('cuts out secrets, personal data and rows quoted by the database', () => {
    let text = '';
    const logger = createLogger({ level: 'info', process: 'test' }, { write: (line) => void (text += line) });
    const error = Object.assign(new Error('insert into x values (ana@example.com)'), {
      code: '23505',
      constraint: 'x_pkey',
    });
    logger.error(
      { err: error, authorization: 'sk_live_1', customer: { email: 'ana@example.com', id: 'org_1' } },
      'failed',
    );
    expect(text).not.toMatch(/ana@example|sk_live/);
    expect(text).toMatch(/23505.*x_pkey|x_pkey.*23505/);
    expect(text).toContain('org_1');
  });
});

describe('the policies', () => {
  const directory = join(import.meta.dirname, '../../../policies');
  const abilities = abilitiesByProvider({ ids: providerIds, abilities: abilitiesOf });

  it('that ship are right, and name real countries and currencies', () => {
    const { policies, faults } = loadPolicies({ directory, abilities });
    expect(faults).toEqual([]);
    expect([...policies.routing.keys()]).toEqual(['merchant-of-record', 'regional']);
    for (const policy of policies.routing.values()) expect(analyzePolicy(policy, abilities)).toEqual([]);
    const { countryCurrencies } = policies;
    expect(Object.keys(countryCurrencies)).toHaveLength(250); // ISO's 249 and Kosovo
    expect(countryCurrencies).toMatchObject({ BG: 'EUR', HR: 'EUR', CW: 'XCG', ZW: 'ZWG', MX: 'MXN', GB: 'GBP' });
    expect(policies.blockedCountries.map((entry) => entry.country)).toEqual(['CU', 'IR', 'KP', 'UA']);
  });

  it('name the rule that asks for an unknown provider', () => {
    const { faults } = loadPolicies({ directory, abilities: {} });
    expect(faults.map((fault) => fault.key)).toContain('merchant-of-record.json rule mexico-local');
  });
});
