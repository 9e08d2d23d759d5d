import { describe, expect, it } from 'vitest';
import { createAccount, createAccounts, moduleOf, operationsOf } from '../../../../src/providers/accounts.ts';
import type { CreateCheckoutInput } from '../../../../src/providers/port.ts';
import { linkOf } from '../../../../src/providers/fungies/checkouts.ts';

const http = () => ({ timeoutMs: 500 });
const keys = {
  FUNGIES_PUBLIC_KEY: 'pub_x',
  FUNGIES_SECRET_KEY: 'sec_x',
  FUNGIES_STORE_URL: 'https://s.app.fungies.io/',
};
const accountOf = (env: Record<string, string>) => {
  const made = createAccount('fungies', env, http);
  if ('faults' in made) throw new Error(JSON.stringify(made.faults));
  return made.account;
};

describe('a Fungies account', () => {
  it('is live unless a switch or another host says otherwise', () => {
    const module = moduleOf('fungies');
    for (const [env, live] of [
      [keys, true],
      [{ ...keys, FUNGIES_SANDBOX: 'true' }, false],
      [{ ...keys, FUNGIES_BASE_URL: 'https://api.stage.fungies.net' }, false],
      [{ ...keys, FUNGIES_BASE_URL: 'https://api.fungies.io/' }, true],
      [{ ...keys, FUNGIES_BASE_URL: 'http://127.0.0.1:8010/fungies' }, false],
    ] as const) {
      expect(accountOf(env).live).toBe(live);
      expect(module.isLive(env)).toBe(live);
    }
  });

  it('takes the older names of its keys, and two webhook secrets', () => {
    const env = {
      FUNGIES_API_KEY: 'pub_x',
      FUNGIES_API_SECRET: 'sec_x',
      FUNGIES_BASE_URL: 'http://127.0.0.1:8010/fungies',
      FUNGIES_WEBHOOK_SECRET: 'new',
      FUNGIES_WEBHOOK_SECRET_PREVIOUS: 'old',
    };
    expect(accountOf(env).webhookSecrets).toEqual(['new', 'old']);
  });

  it('tells all that is missing', () => {
    const { faults, accounts } = createAccounts({ FUNGIES_WEBHOOK_SECRET: 'x' }, http);
    expect(accounts.size).toBe(0);
    expect(faults.map(({ key }) => key)).toEqual(['FUNGIES_PUBLIC_KEY', 'FUNGIES_SECRET_KEY', 'FUNGIES_STORE_URL']);
  });

  it('offers what Fungies has and nothing else', () => {
    const operations = operationsOf('fungies');
    expect(operations).toContain('subscriptions.cancel');
    for (const absent of ['checkouts.find', 'checkouts.end', 'subscriptions.create', 'subscriptions.resume'])
      expect(operations).not.toContain(absent);
    expect(operations.filter((name) => /^(refunds|payments|paymentMethods|usage|benefits)\./.test(name))).toEqual([]);
  });
});

describe('a link', () => {
  const input: CreateCheckoutInput = {
    checkoutId: 'chk_1',
    mode: 'payment',
    line: null,
    customer: {
      organizationId: 'org_1',
      providerCustomerId: null,
      email: 'ada+1@example.com',
      name: 'Ada Example',
      phone: null,
      address: { line1: 'x', line2: null, city: 'Lyon', state: null, postalCode: '69001', country: 'FR' },
    },
    paymentMethods: null,
    successUrl: 'https://app.example/ok',
    cancelUrl: 'https://app.example/no',
    voucherExpiresAt: null,
    discountCode: 'TEN',
    trialDays: null,
    locale: null,
    embedOrigin: null,
    metadata: { checkout_id: 'chk_1', organization_id: 'org_1', project_id: 'default', secret_note: 'x' },
    idempotencyKey: 'k',
  };
  const line = {
    name: 'Kit',
    description: null,
    unitAmount: { amountMinor: 100, currency: 'USD' },
    quantity: 3,
    billingInterval: null,
    digital: true,
    providerPrice: null,
  };

  it('prefills what is known and names our three ids alone', () => {
    const url = new URL(linkOf('https://s.example', 'o-1', input, line, 'ada+1@example.com'));
    expect(url.origin + url.pathname).toBe('https://s.example/checkout/o-1');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      'fngs-customer-email': 'ada+1@example.com',
      'fngs-customer-first-name': 'Ada',
      'fngs-customer-last-name': 'Example',
      'fngs-customer-country': 'FR',
      'fngs-customer-city': 'Lyon',
      'fngs-customer-zip-code': '69001',
      'fngs-discount-code': 'TEN',
      'fngs-quantity': '3',
      checkout_id: 'chk_1',
      organization_id: 'org_1',
      project_id: 'default',
    });
  });
});
