import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOpenSubscription } from '../../../src/activities/open-subscription.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import { startDirectWorld } from './direct-world.ts';
import { fakeVoucherProvider, type FakeVoucherProvider } from './support/fake-voucher-provider.ts';

let world: Awaited<ReturnType<typeof startDirectWorld>>;
let first: FakeVoucherProvider;
let second: FakeVoucherProvider;

beforeAll(async () => {
  world = await startDirectWorld();
});
afterAll(() => world?.end());
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await world.reset();
  await world.query('truncate invoices cascade');
  [first, second] = [fakeVoucherProvider(), fakeVoucherProvider()];
  for (const [name, { directory }] of Object.entries({ first, second })) {
    const account = await directory.account('p', false, name);
    if (account) world.more.set(name, account.client);
  }
});
afterEach(() => vi.useRealTimers());

type Ref = Awaited<ReturnType<typeof world.aSubscription>>;

function asked(providers: readonly string[] = ['first', 'second']): Promise<Ref> {
  const candidates = providers.map((provider) => ({ provider, paymentMethodId: null }));
  return world.aSubscription({
    ...{ provider: 'first', collection: 'voucher', voucher_method: 'oxxo', created_at: new Date().toISOString() },
    routing: JSON.stringify({ rule: 'r', policy: 'p', policyVersion: 1, candidates, skipped: [] }),
  });
}

const open = (ref: Ref) => createOpenSubscription(world.deps)(ref);
const rowOf = (ref: Ref) => world.one('subscriptions', ref.subscriptionId);
const invoices = () => world.query('select provider, status from invoices order by provider');
const refuses = (code: string, kind: 'invalid' | 'unavailable') => () => {
  throw new BillingError({ code, kind, message: code });
};

describe('the first voucher is issued by another provider', () => {
  it.each([
    ['refuses it', 'provider_rejected', 'invalid', 'api_error'],
    ['cannot be reached', 'provider_unreachable', 'unavailable', 'unavailable'],
  ] as const)('where the first %s', async (_, code, kind, reason) => {
    first.before = refuses(code, kind);
    const ref = await asked();
    expect(await open(ref)).toMatchObject({ status: 'incomplete', opensAt: 'second' });
    const opened = await open(ref);
    expect(opened).toMatchObject({ status: 'incomplete', provider: 'second' });
    expect(opened.opensAt).toBeUndefined();
    expect(second.made).toHaveLength(1);
    expect(await rowOf(ref)).toMatchObject({
      ...{ provider: 'second', opening: null, voucher: { reference: '9300' } },
      fallback: { attempted_provider: 'first', fallback_provider: 'second', reason },
    });
    expect(await invoices()).toEqual([
      { provider: 'first', status: 'void' },
      { provider: 'second', status: 'open' },
    ]);
    expect(await world.eventsOf(ref.subscriptionId)).toEqual(['subscription.created', 'subscription.voucher_issued']);
  });

  it('where its answer was lost, only after the first has been asked and shows nothing', async () => {
    first.answer = 'hide';
    const ref = await asked();
    await expect(open(ref)).rejects.toMatchObject({ code: 'outcome_unknown' });
    await expect(open(ref)).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(second.made).toEqual([]);
    vi.setSystemTime(Date.now() + 31_000);
    expect(await open(ref)).toMatchObject({ opensAt: 'second' });
    await open(ref);
    expect(first.looked).toHaveLength(3);
    expect(await rowOf(ref)).toMatchObject({ provider: 'second', fallback: { reason: 'timeout' } });
    second.pay(0);
    expect(await rowOf(ref)).toMatchObject({ status: 'incomplete' });
  });
});

describe('the first provider keeps it', () => {
  it('where a lost answer turns out to be a voucher', async () => {
    first.answer = 'lose';
    const ref = await asked();
    expect(await open(ref)).toMatchObject({ status: 'incomplete' });
    expect(second.made).toEqual([]);
    expect(await rowOf(ref)).toMatchObject({ provider: 'first', fallback: null, voucher: { reference: '9300' } });
  });

  it('where nobody else issues any: a refusal ends it', async () => {
    first.before = refuses('provider_rejected', 'invalid');
    const ref = await asked(['first']);
    expect(await open(ref)).toMatchObject({ status: 'expired', isOver: true });
    expect(await rowOf(ref)).toMatchObject({ failure_code: 'provider_rejected', fallback: null });
  });
});
