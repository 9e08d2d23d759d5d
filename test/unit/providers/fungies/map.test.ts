import { describe, expect, it } from 'vitest';
import { decimalsOf, toMajor } from '../../../../src/providers/fungies/amount.ts';
import { readCheckoutId, writeCheckoutId } from '../../../../src/providers/fungies/checkout-id.ts';
import { splitName } from '../../../../src/providers/fungies/customers.ts';
import {
  mapCheckout,
  mapPayment,
  mapProviderInvoice,
  mapSubscription,
  namesCheckout,
  subscriptionStatus,
} from '../../../../src/providers/fungies/map.ts';
import { createRateLimit } from '../../../../scripts/smoke/rate-limit.ts';
import { fungiesItem, fungiesPayment, fungiesSubscription } from '../../../../src/providers/fungies/wire.ts';
import events from '../../../fixtures/fungies/events.json' with { type: 'json' };

const payment = fungiesPayment.parse(events.payment_success.data.payment);
const subscription = fungiesSubscription.parse(events.subscription_interval.data.subscription);
const item = fungiesItem.parse(events.payment_success.data.items[0]);
const ref = { checkoutId: 'chk_1', offerId: 'o-1', userId: 'u-1', createdMs: 1_732_373_466_231, isShared: false };
const parts = { amount: { amountMinor: 1900, currency: 'USD' }, price: null, quantity: 1, payments: [payment] };

describe('Fungies amounts', () => {
  it.each([
    [1999, 'USD', 19.99],
    [5, 'USD', 0.05],
    [1900, 'JPY', 1900],
    [12_345, 'KWD', 12.345],
    [110, 'USD', 1.1],
    [4_503_599_627_370_497, 'JPY', 4_503_599_627_370_497],
  ])('%i minor %s are written %f', (amountMinor, currency, major) => {
    expect(toMajor({ amountMinor, currency })).toBe(major);
    expect(Math.round(major * 10 ** decimalsOf(currency))).toBe(amountMinor);
  });
});

describe('Fungies payments', () => {
  it.each([
    ['PAID', 'succeeded', 'paid', 0],
    ['REFUNDED', 'succeeded', 'refunded', 1900],
    ['PARTIALLY_REFUNDED', 'succeeded', 'partially_refunded', 0],
    ['PENDING', 'pending', 'open', 0],
    ['FAILED', 'declined', 'failed', 0],
    ['CANCELLED', 'declined', 'void', 0],
    ['SOMETHING_NEW', 'pending', 'open', 0],
  ])('%s is %s, its invoice %s', (status, expected, invoiceStatus, refundedMinor) => {
    expect(mapPayment({ ...payment, status })).toMatchObject({ status: expected, refundedMinor });
    expect(mapProviderInvoice({ ...payment, status }, [])).toMatchObject({
      status: invoiceStatus,
      total: { amountMinor: 1900, currency: 'USD' },
      taxMinor: 300,
      billingReason: 'subscription_start',
      providerCustomerId: 'u-1',
    });
  });
});

describe('the lines of a Fungies payment', () => {
  const line = { ...item, name: 'Pro', quantity: 2, value: 1900 };
  const linesOf = (value: number, items: readonly (typeof item)[]) =>
    mapProviderInvoice({ ...payment, value }, items).lines.map(({ amount, ...rest }) => [rest, amount.amountMinor]);
  const period = { periodStart: null, periodEnd: null };

  it('are those of what was sold, before or after tax', () => {
    const told = [[{ description: 'Pro', quantity: 2, ...period }, 1900]];
    expect(linesOf(1900, [line])).toEqual(told);
    expect(linesOf(2200, [line])).toEqual(told);
  });

  it('are one of what was really taken where those come to another sum', () => {
    expect(linesOf(1520, [line])).toEqual([[{ description: 'Pro', quantity: 1, ...period }, 1520]]);
    expect(linesOf(1900, [])).toEqual([[{ description: '', quantity: 1, ...period }, 1900]]);
  });
});

describe('Fungies subscriptions', () => {
  it('end with their period where they say so, and say when', () => {
    const leaving = { ...subscription, cancelAtIntervalEnd: true };
    expect(mapSubscription(leaving, parts)).toMatchObject({
      status: 'active',
      cancelAtPeriodEnd: true,
      cancelAt: '2024-12-18T14:05:13.000Z',
      endedAt: null,
    });
    expect(mapSubscription({ ...leaving, status: 'canceled', canceledAt: 1_734_530_713_000 }, parts)).toMatchObject({
      status: 'canceled',
      cancelAtPeriodEnd: false,
      endedAt: '2024-12-18T14:05:13.000Z',
    });
  });

  it.each([
    ['unpaid', 'past_due'],
    ['incomplete_expired', 'expired'],
    ['trialing', 'trialing'],
  ])('that are %s are %s', (status, expected) => {
    expect(subscriptionStatus(status)).toBe(expected);
  });

  it('of an unknown status are nobody’s guess', () => {
    expect(() => subscriptionStatus('archived')).toThrow('not mapped');
  });
});

describe('a link’s id', () => {
  it('carries all that finds the sale, and knows itself', () => {
    const id = writeCheckoutId(ref);
    expect(readCheckoutId(id)).toEqual(ref);
    const shared = { ...ref, isShared: true };
    expect(readCheckoutId(writeCheckoutId(shared))).toEqual(shared);
    for (const wrong of [`${id.slice(0, -4)}0000`, id.replace('u-1', 'u-2'), `${id}~x`, 'chk_1', '', 'a~b~c~d~e'])
      expect(readCheckoutId(wrong)).toBeNull();
  });
});

describe('what a link came to', () => {
  const truth = (found: Partial<Parameters<typeof mapCheckout>[2]>) =>
    mapCheckout('id', ref, { payment: null, subscription: null, isExpired: false, ...found });

  it('is open until it is paid or a day old', () => {
    expect(truth({}).state).toBe('open');
    expect(truth({ isExpired: true }).state).toBe('expired');
    expect(truth({ payment: { ...payment, status: 'FAILED' } })).toMatchObject({
      state: 'open',
      payment: { status: 'declined' },
      invoice: null,
    });
    expect(truth({ payment: { ...payment, status: 'PENDING' } }).state).toBe('pending');
    expect(truth({ payment, isExpired: true })).toMatchObject({ state: 'paid', invoice: { status: 'paid' } });
  });

  it('is paid by a trial that costs nothing, not by a subscription that waits for money', () => {
    const trial = mapSubscription({ ...subscription, status: 'trialing' }, parts);
    expect(truth({ payment: { ...payment, value: 0 }, subscription: trial })).toMatchObject({
      state: 'paid',
      payment: null,
    });
    const waiting = mapSubscription({ ...subscription, status: 'incomplete' }, parts);
    expect(truth({ payment: { ...payment, status: 'PENDING' }, subscription: waiting })).toMatchObject({
      state: 'pending',
      subscription: null,
    });
  });

  it('names the objects that later events are about', () => {
    expect(truth({ payment, subscription: mapSubscription(subscription, parts) }).objects).toEqual([
      { kind: 'payment', id: 'pay-1' },
      { kind: 'order', id: 'or-1' },
      { kind: 'subscription', id: 'S3oQQCCw7wOC6VeO' },
      { kind: 'customer', id: 'u-1' },
    ]);
  });

  it('names no customer where the user is another organization’s', () => {
    const found = { payment, subscription: null, isExpired: false };
    const { providerCustomerId, objects } = mapCheckout('id', { ...ref, isShared: true }, found);
    expect(providerCustomerId).toBeNull();
    expect(objects.map(({ kind }) => kind)).toEqual(['payment', 'order']);
  });

  it('belongs to the checkout that its lines name, or to nobody we know', () => {
    const named = (id: string) => [{ ...item, customFields: { checkout_id: id } }];
    expect(namesCheckout(named('chk_1'), ref)).toBe(true);
    expect(namesCheckout(named('chk_2'), ref)).toBe(false);
    expect(namesCheckout([item], ref)).toBeNull();
  });
});

describe('a name', () => {
  it.each([
    ['Ada Example', 'Ada', 'Example'],
    ['Ana María López', 'Ana María', 'López'],
    ['Ada', 'Ada', null],
    [null, null, null],
  ])('%s becomes two', (name, firstName, lastName) => {
    expect(splitName(name)).toEqual({ firstName, lastName });
  });
});

describe('the limit of calls', () => {
  it('lets a burst through, then four a second', async () => {
    let now = 0;
    const waits: number[] = [];
    const limit = createRateLimit({
      perSecond: 4,
      burst: 2,
      now: () => now,
      sleep: (ms) => {
        waits.push(ms);
        now += ms;
        return Promise.resolve();
      },
    });
    for (let call = 0; call < 4; call += 1) await limit.pass();
    expect(waits).toEqual([250, 250]);
    now += 10_000;
    await limit.pass();
    expect(waits).toHaveLength(2);
  });
});
