import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCallGate } from '../../../src/activities/call-gate.ts';
import { createOpenCheckout } from '../../../src/activities/open-checkout.ts';
import { BillingError, type ErrorKind } from '../../../src/domain/errors.ts';
import { openStrayWorld, scope, type StrayWorld } from './stray-world.ts';

let world: StrayWorld;
let at: ReturnType<StrayWorld['fakes']>;
beforeAll(async () => {
  world = await openStrayWorld();
});
afterAll(() => world?.close());
beforeEach(() => {
  at = world.fakes();
});

const refuses = (code: string, kind: ErrorKind = 'invalid') => new BillingError({ code, kind, message: 'no' });

/** Asks `merchant` first, and `world` where that did not serve. */
async function openTwo(): Promise<string> {
  const checkoutId = await world.aCheckout({ status: 'creating' });
  const first = await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
  if (first.status === 'creating') await at.open({ ...scope, checkoutId, provider: 'world', left: first.left });
  return checkoutId;
}

describe('a checkout falls back', () => {
  it.each([
    ['api_error', refuses('provider_rejected'), 'provider_rejected'],
    ['rate_limited', refuses('provider_rate_limited', 'rate_limited'), 'provider_rate_limited'],
    ['unavailable', refuses('provider_unreachable', 'unavailable'), 'provider_unreachable'],
    ['timeout', { outcome: 'unknown', reason: 'timeout', providerCode: 'timeout' }, 'timeout'],
    ['api_error', { outcome: 'unknown', reason: 'api_error', providerCode: 'lost' }, 'lost'],
  ] as const)('for %s, and says so in its row and in the table', async (reason, answer, provider_code) => {
    at.merchant.answers.push(answer);
    const checkoutId = await openTwo();
    const told = { attempted_provider: 'merchant', fallback_provider: 'world', reason };
    expect(await world.fallbacksOf(checkoutId)).toEqual([{ ...told, provider_code }]);
    const row = await world.rowOf(checkoutId);
    expect(row).toMatchObject({ status: 'open', provider: 'world', fallback: told });
  });

  it('for not_configured when an account has gone since it was routed', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    const { left } = await at.open({ ...scope, checkoutId, provider: 'nobody', left: [] });
    await at.open({ ...scope, checkoutId, provider: 'world', left });
    expect(await world.fallbacksOf(checkoutId)).toMatchObject([
      { attempted_provider: 'nobody', reason: 'not_configured' },
    ]);
  });

  it('for what routing left out before any call, such as unsupported', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    const skipped = [{ provider: 'merchant', reason: 'unsupported', because: 'it does not charge MXN' }];
    await world.query(
      `update checkouts set routing = routing || jsonb_build_object('skipped', ?::jsonb) where id = ?`,
      [JSON.stringify(skipped), checkoutId],
    );
    await at.open({ ...scope, checkoutId, provider: 'world', left: [] });
    expect(await world.fallbacksOf(checkoutId)).toMatchObject([
      { attempted_provider: 'merchant', reason: 'unsupported' },
    ]);
    expect(await world.rowOf(checkoutId)).toMatchObject({ fallback: { reason: 'unsupported' } });
    expect(at.merchant.calls).toEqual([]);
  });

  it('for unavailable when too many calls to it hang', async () => {
    const open = createOpenCheckout(at.deps, createCallGate(0));
    const checkoutId = await world.aCheckout({ status: 'creating' });
    const { left } = await open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    expect(left).toMatchObject([{ reason: 'unavailable', providerCode: 'too_many_calls_in_flight', mayExist: false }]);
  });
});

describe('a provider that cannot charge the quote', () => {
  it('is asked for a price of its own; the row and the caller are told so', async () => {
    await world.query(
      `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
       values ('price_kit_mxn', 'plan_kit', null, 89900, 'MXN', 'p') on conflict do nothing`,
    );
    const checkoutId = await world.aCheckout({ status: 'creating' });
    const requotes = { world: { price_id: 'price_kit_mxn', amount_minor: 89_900, currency: 'MXN' } };
    await world.query(
      `update checkouts set routing = routing || jsonb_build_object('requotes', ?::jsonb) where id = ?`,
      [JSON.stringify(requotes), checkoutId],
    );
    at.merchant.answers.push(refuses('provider_rejected'));
    const { left } = await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    await at.open({ ...scope, checkoutId, provider: 'world', left });
    expect([at.merchant.asked, at.world.asked].map(([first]) => first?.line?.unitAmount)).toEqual([
      { amountMinor: 4900, currency: 'USD' },
      { amountMinor: 89_900, currency: 'MXN' },
    ]);
    expect(await world.rowOf(checkoutId)).toMatchObject({
      ...{ price_id: 'price_kit_mxn', amount_minor: '89900', currency: 'MXN' },
      fallback: { fallback_provider: 'world', reason: 'api_error', currency_changed: true },
    });
  });
});

describe('a worker that dies after the commit', () => {
  it('loses the answer, and its repeat still names where a session may be left', async () => {
    at.merchant.answers.push({ outcome: 'unknown', reason: 'timeout', providerCode: 'timeout' });
    const checkoutId = await openTwo();
    const again = await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    expect(again).toMatchObject({ status: 'open', provider: 'world', left: [], strays: ['merchant'] });
  });
});

describe('the error map', () => {
  it('has a provider asked once more, where nothing was done', async () => {
    at.merchant.answers.push(refuses('busy', 'unavailable'));
    const checkoutId = await openTwo();
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'open', provider: 'merchant', fallback: null });
    expect(at.merchant.calls).toEqual(['create', 'create']);
  });

  it('has it asked only once more', async () => {
    at.merchant.answers.push(refuses('busy', 'unavailable'), refuses('busy', 'unavailable'));
    const checkoutId = await openTwo();
    expect(await world.fallbacksOf(checkoutId)).toMatchObject([{ reason: 'unavailable', provider_code: 'busy' }]);
    expect(await world.strayOf(checkoutId)).toBeUndefined();
  });

  it('never repeats what may have been done where no key protects it', async () => {
    at.merchant.answers.push({ outcome: 'unknown', reason: 'api_error', providerCode: 'busy' });
    const checkoutId = await openTwo();
    expect(at.merchant.calls).toEqual(['create']);
    expect(await world.strayOf(checkoutId)).toMatchObject({ status: 'unknown' });
  });

  it('remembers a session that the first of two calls may have left', async () => {
    at.merchant.answers.push(refuses('busy', 'unavailable'), 'lose');
    const checkoutId = await openTwo();
    expect(await world.strayOf(checkoutId)).toMatchObject({ status: 'unknown' });
    expect(await world.fallbacksOf(checkoutId)).toMatchObject([{ reason: 'timeout' }]);
  });

  it('stops at what no other provider can mend, and tells the caller', async () => {
    at.merchant.answers.push(refuses('discount_code_unknown'));
    const checkoutId = await openTwo();
    expect(at.world.calls).toEqual([]);
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'failed', failure_code: 'discount_code_unknown' });
    expect(await world.events(checkoutId)).toEqual(['checkout.failed']);
  });

  it('stops no checkout whose earlier provider may hold a session: that is looked after', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    at.merchant.answers.push('lose');
    at.world.answers.push(refuses('discount_code_unknown'));
    const { left } = await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    await at.open({ ...scope, checkoutId, provider: 'world', left });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'failed' });
    expect(await world.strayOf(checkoutId)).toMatchObject({ status: 'unknown' });
    expect(await at.look(checkoutId)).toMatchObject({ status: 'ended' });
  });
});
