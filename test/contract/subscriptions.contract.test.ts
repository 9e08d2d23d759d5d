import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { abilitiesOf, operationsOf, providerIds } from '../../src/providers/accounts.ts';
import type { SubscriptionAbilities } from '../../src/domain/routing/abilities.ts';
import type { SubscriptionTruth } from '../../src/domain/subscription/truth.ts';
import type { ProviderPrice } from '../../src/providers/port.ts';
import type { SubscriptionOperations } from '../../src/providers/port-subscriptions.ts';
import { everything, key, providersWith, subscribe, type Subscribed } from './sales.ts';
import { createWorld, nextId, priceAt, pushPrice, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterEach(() => world.control('DELETE', 'faults'));
afterAll(() => world.close());

const dayMs = 86_400_000;
/** Whether a truth is of what was pushed; where it names no price, its product tells. */
function isOf(told: SubscriptionTruth['price'] | undefined, pushed: ProviderPrice): boolean {
  if (!told) return false;
  return told.providerPriceId === null || pushed.providerPriceId === null
    ? told.providerProductId === pushed.providerProductId
    : told.providerPriceId === pushed.providerPriceId;
}
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();

function of(sale: Subscribed): SubscriptionOperations {
  const { subscriptions } = sale.account.client;
  if (!subscriptions) throw new Error('no subscriptions');
  return subscriptions;
}

const abilities = (provider: string): SubscriptionAbilities => {
  const found = abilitiesOf(provider).subscriptions;
  if (!found) throw new Error('no subscriptions');
  return found;
};

describe.each(providersWith('subscriptions.get'))('a subscription at %s', (provider) => {
  const can = abilities(provider);
  const has = (name: string) => operationsOf(provider).includes(`subscriptions.${name}`);

  it('is listed with all others of its customer', async () => {
    const sale = await subscribe(world, provider);
    const { providerCustomerId } = sale;
    const all = await everything((query) => of(sale).list({ providerCustomerId, ...query }));
    expect(all.map(({ providerSubscriptionId }) => providerSubscriptionId)).toEqual([sale.ref.providerSubscriptionId]);
    const { providerSubscriptionId } = sale.ref;
    const stranger = `${providerSubscriptionId.slice(0, -4)}0000`;
    expect(await of(sale).get({ ...sale.ref, providerSubscriptionId: stranger })).toBeNull();
  });

  it.runIf(operationsOf(provider).includes('subscriptions.listAll'))(
    'is listed with all of the account, as it is told by itself',
    async () => {
      const sale = await subscribe(world, provider);
      const other = await subscribe(world, provider);
      const listed = await everything(async (page) => {
        const found = await of(sale).listAll?.(page);
        if (!found) throw new Error('it lists nothing');
        return found;
      }, 5);
      for (const { ref } of [sale, other]) {
        const told = await of(sale).get(ref);
        const found = listed.find((each) => each.providerSubscriptionId === ref.providerSubscriptionId);
        const { status, amount, price, currentPeriodEnd, providerCustomerId } = told ?? {};
        expect(found).toMatchObject({ status, amount, price, currentPeriodEnd, providerCustomerId });
        expect(found?.payments.length ?? 0).toBeLessThanOrEqual(told?.payments.length ?? 0);
      }
    },
  );

  it('tells what it is of, before and after a change', async () => {
    const sale = await subscribe(world, provider);
    const { providerPrice: sold = null } = sale.input.line ?? {};
    const began = await of(sale).get(sale.ref);
    expect(sold === null || isOf(began?.price, sold)).toBe(true);
    if (!can.change.plan.includes('now')) return;
    const dear = { ...priceAt(provider), amountMinor: priceAt(provider).amountMinor * 2 };
    const pushed = await pushPrice(provider, sale.account, 'subscription', nextId('price'), dear);
    if (!pushed) throw new Error('not pushed');
    const price = { ...pushed, unitAmount: dear, billingInterval: 'monthly' as const };
    const how = { when: 'now', proration: can.proration[0] ?? 'none', prorationAt: null } as const;
    const changed = await of(sale).change?.({ ...sale.ref, price, quantity: null, ...how, ...key() });
    expect(changed?.outcome === 'succeeded' && isOf(changed.value.price, pushed)).toBe(true);
    expect(isOf((await of(sale).get(sale.ref))?.price, pushed)).toBe(true);
  });

  it.skipIf(!can.cancel.includes('period_end'))('ends with its period', async () => {
    const sale = await subscribe(world, provider);
    const input = { ...sale.ref, when: 'period_end', reason: 'too_expensive', comment: null } as const;
    const scheduled = await of(sale).cancel({ ...input, ...key() });
    expect(scheduled).toMatchObject({ status: 'active', cancelAtPeriodEnd: true });
    expect(await of(sale).cancel({ ...input, ...key() })).toMatchObject({ cancelAtPeriodEnd: true });
    expect(await of(sale).get(sale.ref)).toMatchObject({ status: 'active', cancelAtPeriodEnd: true });
  });

  it.skipIf(!can.undoCancel)('goes on when its end is undone', async () => {
    const sale = await subscribe(world, provider);
    await of(sale).cancel({ ...sale.ref, when: 'period_end', reason: null, comment: null, ...key() });
    const kept = { status: 'active', cancelAtPeriodEnd: false };
    expect(await of(sale).undoCancel?.({ ...sale.ref, ...key() })).toMatchObject(kept);
    expect(await of(sale).get(sale.ref)).toMatchObject(kept);
  });

  it.skipIf(!can.cancel.includes('now'))('ends at once, and stays ended', async () => {
    const sale = await subscribe(world, provider);
    const input = { ...sale.ref, when: 'now', reason: null, comment: null } as const;
    expect(await of(sale).cancel({ ...input, ...key() })).toMatchObject({ status: 'canceled' });
    expect(await of(sale).cancel({ ...input, ...key() })).toMatchObject({ status: 'canceled' });
    expect(await of(sale).get(sale.ref)).toMatchObject({ status: 'canceled', endedAt: expect.any(String) });
  });

  it('is ended though the answer is lost', async () => {
    const sale = await subscribe(world, provider);
    const when = can.cancel[0] ?? 'now';
    const input = { ...sale.ref, when, reason: null, comment: null };
    await world.fault(provider, 'timeout_after_work', { operation: 'subscriptions.cancel' });
    await world.fault(provider, 'timeout_after_work', { operation: 'subscriptions.update' });
    await expect(of(sale).cancel({ ...input, ...key() })).rejects.toMatchObject({
      kind: 'unavailable',
      details: { outcome: 'unknown' },
    });
    await world.control('DELETE', 'faults');
    const after = await of(sale).cancel({ ...input, ...key() });
    expect(after.status === 'canceled' || after.cancelAtPeriodEnd).toBe(true);
  });

  it.skipIf(can.cancel.length === 2)('refuses the other way to end as not supported', async () => {
    const sale = await subscribe(world, provider);
    const when = can.cancel.includes('now') ? 'period_end' : 'now';
    await expect(of(sale).cancel({ ...sale.ref, when, reason: null, comment: null, ...key() })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
      kind: 'invalid',
    });
    expect(await of(sale).get(sale.ref)).toMatchObject({ status: 'active', cancelAtPeriodEnd: false });
  });

  it.each(can.pause)('is paused (%s), and goes on', async (when) => {
    const sale = await subscribe(world, provider);
    const resumesAt = can.pauseUntil ? inDays(60) : null;
    const paused = await of(sale).pause?.({ ...sale.ref, when, resumesAt, ...key() });
    expect(paused?.status).toBe(when === 'now' ? 'paused' : 'active');
    await of(sale).resume?.({ ...sale.ref, ...key() });
    const after = await of(sale).get(sale.ref);
    expect(after?.status).toBe(has('resume') ? 'active' : paused?.status);
  });

  it.skipIf(!can.change.plan.includes('now'))('changes its plan now, as previewed where it is', async () => {
    const sale = await subscribe(world, provider);
    const dear = { ...priceAt(provider), amountMinor: priceAt(provider).amountMinor * 3 };
    const pushed = await pushPrice(provider, sale.account, 'subscription', nextId('price'), dear);
    if (!pushed) throw new Error('not pushed');
    const price = { ...pushed, unitAmount: dear, billingInterval: 'monthly' as const };
    const proration = can.proration[0] ?? 'none';
    const input = { ...sale.ref, price, quantity: null, when: 'now' as const, proration, prorationAt: null };
    const seen = (await of(sale).preview?.(input)) ?? null;
    expect(seen !== null).toBe(can.preview);
    const changed = await of(sale).change?.({ ...input, prorationAt: seen?.prorationAt ?? null, ...key() });
    expect(changed).toMatchObject({ outcome: 'succeeded', value: { amount: dear, status: 'active' } });
    const after = await of(sale).get(sale.ref);
    expect(after?.amount).toEqual(dear);
    const isBilledNow = seen !== null && proration === 'immediate';
    expect(isBilledNow ? after?.invoices.at(-1)?.total : null).toEqual(isBilledNow ? seen.dueNow : null);
  });

  it.skipIf(!can.change.plan.includes('period_end'))('changes its plan with the next period', async () => {
    const sale = await subscribe(world, provider);
    const cheap = { ...priceAt(provider), amountMinor: 10_000 };
    const pushed = await pushPrice(provider, sale.account, 'subscription', nextId('price'), cheap);
    if (!pushed) throw new Error('not pushed');
    const price = { ...pushed, unitAmount: cheap, billingInterval: 'monthly' as const };
    const input = { ...sale.ref, price, quantity: null, when: 'period_end' as const, proration: 'none' as const };
    const scheduled = await of(sale).change?.({ ...input, prorationAt: null, ...key() });
    expect(scheduled).toMatchObject({ outcome: 'succeeded', value: { status: 'active', amount: priceAt(provider) } });
    const kept = await of(sale).cancelChange?.({ ...sale.ref, ...key() });
    expect(kept?.amount ?? priceAt(provider)).toEqual(priceAt(provider));
  });

  it.skipIf(!can.change.quantity.includes('now'))('changes its quantity', async () => {
    const sale = await subscribe(world, provider);
    const proration = can.proration[0] ?? 'none';
    const input = { ...sale.ref, price: null, quantity: 3, when: 'now' as const, proration, prorationAt: null };
    expect(await of(sale).change?.({ ...input, ...key() })).toMatchObject({
      outcome: 'succeeded',
      value: { quantity: 3 },
    });
  });

  it.skipIf(!can.moveTrialEnd || !abilitiesOf(provider).features.trialDays.includes('subscription'))(
    'moves the end of a trial',
    async () => {
      const sale = await subscribe(world, provider, { trialDays: 7 });
      expect(sale.subscription.status).toBe('trialing');
      const trialEnd = inDays(21);
      const moved = await of(sale).setTrialEnd?.({ ...sale.ref, trialEnd, ...key() });
      expect(moved?.status).toBe('trialing');
      expect(Math.abs(Date.parse(moved?.trialEnd ?? '') - Date.parse(trialEnd))).toBeLessThan(2_000);
    },
  );
});

it.each(providerIds())('%s tells the same of its operations and its abilities', (provider) => {
  const can = abilitiesOf(provider).subscriptions;
  const has = (name: string) => operationsOf(provider).includes(`subscriptions.${name}`);
  const { plan = [], interval = [], quantity = [] } = can?.change ?? {};
  expect({
    get: has('get'),
    undoCancel: has('undoCancel'),
    pause: has('pause'),
    preview: has('preview'),
    setTrialEnd: has('setTrialEnd'),
    change: has('change'),
  }).toEqual({
    get: can !== null,
    undoCancel: can?.undoCancel ?? false,
    pause: (can?.pause.length ?? 0) > 0,
    preview: can?.preview ?? false,
    setTrialEnd: can?.moveTrialEnd ?? false,
    change: [...plan, ...interval, ...quantity].length > 0,
  });
});

// Last, for the simulator's clock is everybody's.
describe.each(providersWith('subscriptions.preview'))('a preview at %s', (provider) => {
  it.each([
    ['a dearer plan', 3, null, 'monthly'],
    ['a cheaper plan', 0.37, null, 'monthly'],
    ['more of it', 1, 7, 'monthly'],
    ['a longer interval', 11, null, 'yearly'],
  ] as const)(
    'of %s is what the change then costs, days later, to the minor unit',
    async (_what, factor, quantity, interval) => {
      const sale = await subscribe(world, provider);
      await world.control('POST', 'clock', { advance: 'P3DT7H13M' });
      const unitAmount = { ...priceAt(provider), amountMinor: Math.round(priceAt(provider).amountMinor * factor) };
      const pushed = await pushPrice(provider, sale.account, 'subscription', nextId('price'), unitAmount, interval);
      if (!pushed) throw new Error('not pushed');
      const price = factor === 1 ? null : { ...pushed, unitAmount, billingInterval: interval };
      const input = { ...sale.ref, price, quantity, when: 'now', proration: 'immediate' } as const;
      const seen = await of(sale).preview?.({ ...input, prorationAt: null });
      await world.control('POST', 'clock', { advance: 'P2DT5H' });
      const prorationAt = seen?.prorationAt ?? null;
      const changed = await of(sale).change?.({ ...input, prorationAt, ...key() });
      expect(changed).toMatchObject({ outcome: 'succeeded' });
      const after = await of(sale).get(sale.ref);
      expect(after?.invoices.at(-1)?.total).toEqual(seen?.dueNow);
      expect(seen?.lines.reduce((sum, line) => sum + line.amount.amountMinor, 0)).toBe(seen?.dueNow.amountMinor);
    },
  );
});

describe.each(providersWith('subscriptions.get'))('time at %s', (provider) => {
  const has = (name: string) => operationsOf(provider).includes(`subscriptions.${name}`);
  it.skipIf(!abilities(provider).renews)('brings renewals, a decline and a recovery', async () => {
    const sale = await subscribe(world, provider);
    const { providerSubscriptionId } = sale.ref;
    const id = encodeURIComponent(providerSubscriptionId);
    await world.control('POST', `subscriptions/${provider}/${id}/card`, { number: '4000000000000341' });
    await world.control('POST', 'clock', { advance: 'P32D' });
    expect(await of(sale).get(sale.ref)).toMatchObject({ status: 'past_due' });
    await world.control('POST', `subscriptions/${provider}/${id}/card`, { number: '4242424242424242' });
    // Some providers collect as soon as there is a good card.
    const isDue = (await of(sale).get(sale.ref))?.status === 'past_due';
    if (isDue && has('retryPayment')) await of(sale).retryPayment?.({ ...sale.ref, ...key() });
    else if (isDue) await world.control('POST', `subscriptions/${provider}/${id}/retry`, {});
    const after = await of(sale).get(sale.ref);
    expect(after).toMatchObject({ status: 'active' });
    const paid = after?.payments.filter((payment) => payment.status === 'succeeded').at(-1);
    expect(paid?.providerPaymentId).not.toBe(sale.truth.payment?.providerPaymentId);
  });
});
