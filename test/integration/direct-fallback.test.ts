import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startSystem, type LedgerEntry, type System } from './support.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());
beforeEach(() => system.clearFaults());

/** A call whose outcome is unknown is known not to have been done after 18 s and two looks. */
const resolved = { timeout: 60_000, interval: 500 };
const price = 49_900;

interface Subscription {
  readonly id: string;
  readonly status: string;
  readonly provider: string | null;
  readonly payment_method_id: string | null;
  readonly fallback: { readonly attempted_provider: string; readonly reason: string } | null;
  readonly timeline: readonly { readonly what: string; readonly detail: string | null }[];
}

let count = 0;

/** Has a card at the provider that routing chooses for Mexico, and one at the provider that steps in. */
async function aCustomerOfBoth(): Promise<string> {
  count += 1;
  const id = `org_fallback_${count}`;
  const contact = { name: 'Ada Byron', email: `fallback${count}@example.com`, phone: '+525512345678' };
  await system.api('PUT', `/billing/organizations/${id}`, contact);
  for (const provider of ['conekta', 'stripe']) {
    const token = await system.token(provider, '4242424242424242');
    const body = { organization_id: id, provider, token, set_as_default: true };
    expect((await system.api('POST', '/billing/payment-methods', body)).status).toBe(201);
  }
  return id;
}

const subscribe = async (organization: string, more: Readonly<Record<string, unknown>> = {}) => {
  const wish = { organization_id: organization, plan_id: 'pro', billing_interval: 'monthly', country: 'MX', ...more };
  return system.api('POST', '/billing/subscriptions', wish);
};
const read = async (id: string) => (await system.api('GET', `/billing/subscriptions/${id}`)).body as Subscription;
const fault = (kind: string, more: Readonly<Record<string, unknown>> = {}) =>
  system.fault({ provider: 'conekta', operation: 'subscriptions.create', kind, rate: 1, times: 1, ...more });
const charged = (ledger: readonly LedgerEntry[]) =>
  ledger.filter(({ kind, status }) => kind === 'charge' && status === 'succeeded');

describe('a direct subscription whose first provider fails', () => {
  it.each([
    ['timeout_before_work', {}, 'stripe', 'timeout'],
    ['timeout_after_work', {}, 'conekta', null],
    ['status', { status: 500 }, 'stripe', 'api_error'],
    ['status', { status: 429 }, 'stripe', 'rate_limited'],
    ['reset', {}, 'stripe', 'api_error'],
  ] as const)(
    'by %s %j is charged once, at %s',
    async (kind, more, provider, reason) => {
      const organization = await aCustomerOfBoth();
      const before = charged(await system.ledger());
      await fault(kind, more);
      const answer = await subscribe(organization);
      const { id } = answer.body as Subscription;
      expect([201, 202]).toContain(answer.status);
      await expect.poll(async () => (await read(id)).status, resolved).toBe('active');
      const begun = await read(id);
      expect({ provider: begun.provider, reason: begun.fallback?.reason ?? null }).toEqual({ provider, reason });
      const steps = begun.timeline.filter(({ what }) => what === 'subscription.fell_back');
      expect(steps).toHaveLength(reason === null ? 0 : 1);
      const after = charged(await system.ledger()).slice(before.length);
      expect(after.map(({ provider: by, amount_minor }) => [by, amount_minor])).toEqual([[begun.provider, price]]);
      const paid = await system.db.query(
        `select provider, amount_minor from payments where subscription_id = $1 and status = 'succeeded'`,
        [id],
      );
      expect(paid.rows.map(({ amount_minor }) => Number(amount_minor))).toEqual([price]);
    },
    90_000,
  );

  it('is not begun elsewhere with a method that nobody named', async () => {
    const organization = await aCustomerOfBoth();
    const { body } = await system.api('GET', `/billing/payment-methods?organization_id=${organization}`);
    const { data } = body as { readonly data: readonly { readonly id: string; readonly provider: string }[] };
    const named = data.find(({ provider }) => provider === 'conekta')?.id;
    await fault('status', { status: 429 });
    const { id } = (await subscribe(organization, { payment_method_id: named })).body as Subscription;
    await expect.poll(async () => (await read(id)).status, resolved).toBe('active');
    expect(await read(id)).toMatchObject({ provider: 'conekta', fallback: null, payment_method_id: named });
  }, 90_000);
});
