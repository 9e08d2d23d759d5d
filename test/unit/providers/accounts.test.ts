import { describe, expect, it } from 'vitest';
import { abilitiesOf, createAccounts, moduleOf, operationsOf, providerIds } from '../../../src/providers/accounts.ts';
import signed from '../../fixtures/conekta/webhook-signed.json' with { type: 'json' };

const http = () => ({ timeoutMs: 500 });
const keysOf = (env: Record<string, string>): readonly string[] =>
  createAccounts(env, http).faults.map(({ key }) => key);
const accountsOf = (env: Record<string, string>) => {
  const { accounts, faults } = createAccounts(env, http);
  expect(faults).toEqual([]);
  return accounts;
};

describe('provider accounts of the environment', () => {
  it('leaves out providers without keys, whatever their switches say', () => {
    expect(accountsOf({ POLAR_SANDBOX: 'true', STRIPE_SECRET_KEY: ' ' }).size).toBe(0);
  });

  it('derives the mode from key, switch or address', () => {
    const live = accountsOf({ POLAR_ACCESS_TOKEN: 't', CONEKTA_API_KEY: 'k', STRIPE_SECRET_KEY: 'sk_live_x' });
    expect([...live.values()].map((account) => account.live)).toEqual([true, true, true]);
    const test = accountsOf({
      POLAR_API_KEY: 't',
      POLAR_BASE_URL: 'http://127.0.0.1:8010/polar',
      CONEKTA_TEST_KEY: 'k',
      STRIPE_API_KEY: 'sk_test_x',
      STRIPE_TEST_MODE: '1',
    });
    expect([...test.values()].map((account) => account.live)).toEqual([false, false, false]);
  });

  it('keeps the previous secret beside the new one', () => {
    const env = { STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_WEBHOOK_SECRET: 'new', STRIPE_WEBHOOK_SECRET_PREVIOUS: 'old' };
    expect(accountsOf(env).get('stripe')?.webhookSecrets).toEqual(['new', 'old']);
  });

  it.each([
    ['as it is', signed.public_key],
    ['with escaped line ends', signed.public_key.replaceAll('\n', '\\n')],
    ['in base64', Buffer.from(signed.public_key).toString('base64')],
  ])('reads a public key %s', (_how, key) => {
    const secrets = accountsOf({ CONEKTA_API_KEY: 'k', CONEKTA_WEBHOOK_PUBLIC_KEY: key }).get(
      'conekta',
    )?.webhookSecrets;
    expect(secrets?.[0]?.trim()).toBe(signed.public_key.trim());
  });

  it('tells every fault at once, by key, without the value', () => {
    const env = {
      POLAR_WEBHOOK_SECRET: 'hush-1',
      POLAR_SANDBOX: 'hush-2',
      POLAR_BASE_URL: 'hush-3',
      CONEKTA_WEBHOOK_SECRET: 'hush-4',
      STRIPE_SECRET_KEY: 'hush-5',
    };
    expect(keysOf(env)).toEqual([
      'POLAR_SANDBOX',
      'POLAR_BASE_URL',
      'POLAR_ACCESS_TOKEN',
      'CONEKTA_WEBHOOK_SECRET',
      'CONEKTA_API_KEY',
      'STRIPE_SECRET_KEY',
    ]);
    expect(JSON.stringify(createAccounts(env, http).faults)).not.toContain('hush');
  });

  it('refuses a shared secret where the provider signs with RSA, and a switch against its key', () => {
    const { faults } = createAccounts({ CONEKTA_API_KEY: 'k', CONEKTA_WEBHOOK_SECRET: 's' }, http);
    expect(faults).toMatchObject([{ key: 'CONEKTA_WEBHOOK_SECRET', detail: expect.stringContaining('RSA') }]);
    expect(keysOf({ STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_TEST_MODE: 'false' })).toEqual(['STRIPE_TEST_MODE']);
    expect(keysOf({ CONEKTA_TEST_KEY: 'k', CONEKTA_SANDBOX: 'false' })).toEqual(['CONEKTA_API_KEY']);
  });
});

describe('provider look-ups', () => {
  it('knows every provider by id and no other', () => {
    for (const id of providerIds()) expect(moduleOf(id).id).toBe(id);
    expect(abilitiesOf('conekta').currencies).toEqual({ only: ['MXN'] });
    expect(() => moduleOf('acme')).toThrow(/no such provider/);
    expect(() => moduleOf('constructor')).toThrow(/no such provider/);
  });
});

describe('the operations of a provider', () => {
  it('are read once', () => {
    for (const id of providerIds()) expect(operationsOf(id)).toBe(operationsOf(id));
  });

  it('are refused for a provider nobody knows', () => {
    expect(() => operationsOf('acme')).toThrow(expect.objectContaining({ code: 'provider_unknown' }));
  });
});
