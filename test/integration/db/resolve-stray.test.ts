import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BillingError } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/db/new-id.ts';
import { aPayment } from './money-support.ts';
import { aSubscription, openStrayWorld, scope, type StrayWorld } from './stray-world.ts';

let world: StrayWorld;
let at: ReturnType<StrayWorld['fakes']>;
beforeAll(async () => {
  world = await openStrayWorld();
});
afterAll(() => world?.close());
beforeEach(() => {
  at = world.fakes();
});

const minuteMs = 60_000;
const away = (code = 'provider_timeout') =>
  new BillingError({ code, kind: 'unavailable', message: 'away', details: { outcome: 'unknown' } });
const count = async (sql: string, id: string) => Number((await world.query(sql, [id]))[0]?.['count']);
const refundsOf = (id: string) =>
  world.query('select provider, status, amount_minor::int from refunds where checkout_id = ?', [id]);

describe('a session whose answer was lost', () => {
  it('is on record in the statement that opens the checkout elsewhere', async () => {
    const { checkoutId } = await world.aFallenBack(at);
    expect(await world.strayOf(checkoutId)).toMatchObject({ status: 'unknown', provider_checkout_id: null });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'open', provider: 'world' });
  });

  it('is ended where it is found, and read back', async () => {
    const { checkoutId, stray } = await world.aFallenBack(at);
    const seen = await at.look(checkoutId);
    expect(seen).toMatchObject({ status: 'ended', lookAgainMs: null, hasMoved: false });
    expect(at.merchant.sessions.get(stray)?.truth.state).toBe('expired');
    expect(at.merchant.calls.slice(1)).toEqual(['find', 'get', 'end', 'get']);
    expect(await at.look(checkoutId)).toMatchObject({ status: 'ended', lookAgainMs: null });
    expect(at.merchant.calls.filter((call) => call === 'end')).toHaveLength(1);
  });

  it('is absent after two empty looks, of which none counts while the call may still be at work', async () => {
    const { checkoutId } = await world.aFallenBack(at);
    at.merchant.sessions.clear();
    expect(await at.look(checkoutId)).toMatchObject({ status: 'unknown' });
    expect(await world.strayOf(checkoutId)).toMatchObject({ empty_looks: 0 });
    await world.age(checkoutId, 20_000);
    expect(await at.look(checkoutId, 'merchant', 1)).toMatchObject({ status: 'unknown', lookAgainMs: 15_000 });
    expect(await at.look(checkoutId, 'merchant', 2)).toMatchObject({ status: 'absent', lookAgainMs: null });
    expect((await world.strayOf(checkoutId))?.['resolved_at']).not.toBeNull();
  });

  it('is asked about again when the ending is not answered, and ended by another key', async () => {
    const { checkoutId } = await world.aFallenBack(at);
    at.merchant.before = (call) => {
      if (call !== 'end') return;
      at.merchant.before = () => undefined;
      throw away();
    };
    await expect(at.look(checkoutId)).rejects.toMatchObject({ code: 'provider_timeout' });
    expect(await at.look(checkoutId)).toMatchObject({ status: 'ended' });
  });

  it('is watched where it cannot be ended, until it lapses', async () => {
    const { checkoutId, stray } = await world.aFallenBack(at);
    at.merchant.canEnd = false;
    expect(await at.look(checkoutId)).toMatchObject({ status: 'unknown', lookAgainMs: minuteMs });
    const session = at.merchant.sessions.get(stray);
    if (session) session.truth = { ...session.truth, state: 'expired' };
    expect(await at.look(checkoutId, 'merchant', 1)).toMatchObject({ status: 'lapsed', lookAgainMs: null });
    expect(await world.reviewsOf(checkoutId)).toEqual([]);
  });

  it('lapses with its life where nobody can look for it', async () => {
    const { checkoutId } = await world.aFallenBack(at);
    Object.assign(at.merchant, { canEnd: false, canFind: false });
    expect((await at.look(checkoutId)).lookAgainMs).toBeGreaterThan(3 * 24 * 60 * minuteMs);
    await world.age(checkoutId, 10 * 24 * 60 * minuteMs);
    expect(await at.look(checkoutId)).toMatchObject({ status: 'lapsed', lookAgainMs: null });
  });

  it('is a person’s to look up when its provider was away for all its life', async () => {
    const { checkoutId } = await world.aFallenBack(at);
    const give = () => at.giveUp({ ...scope, checkoutId, provider: 'merchant', because: 'provider_timeout' });
    expect(await give()).toEqual({ isOver: false });
    await world.age(checkoutId, 10 * 24 * 60 * minuteMs);
    expect([await give(), await give()]).toEqual([{ isOver: true }, { isOver: true }]);
    expect(await world.strayOf(checkoutId)).toMatchObject({ status: 'lapsed' });
    expect(await world.reviewsOf(checkoutId)).toMatchObject([{ kind: 'stray_session_unclear', status: 'open' }]);
  });

  it('of the very provider that serves leaves the page of the checkout alone', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    const lost = at.merchant.open(checkoutId);
    await at.open({ ...scope, checkoutId, provider: 'merchant', left: [], isRepeated: true });
    const own = String((await world.rowOf(checkoutId))?.['provider_checkout_id']);
    expect(await at.look(checkoutId)).toMatchObject({ status: 'ended' });
    expect(at.merchant.sessions.get(lost)?.truth.state).toBe('expired');
    expect(at.merchant.sessions.get(own)?.truth.state).toBe('open');
  });
});

describe('a session that was paid although another was handed out', () => {
  it('pays the checkout; the other is ended first, and a person is told', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.merchant.pay(stray);
    const seen = await at.look(checkoutId);
    expect(seen).toMatchObject({
      status: 'paid',
      hasMoved: true,
      servedBy: 'merchant',
      lookAgainMs: null,
      refundId: null,
    });
    expect(at.world.sessions.get(own)?.truth.state).toBe('expired');
    expect(await world.rowOf(checkoutId)).toMatchObject({
      ...{ status: 'paid', provider: 'merchant', provider_checkout_id: stray },
    });
    expect(await world.strayOf(checkoutId, 'world')).toMatchObject({ status: 'ended', provider_checkout_id: own });
    expect(await world.reviewsOf(checkoutId)).toMatchObject([{ kind: 'stray_session_paid', status: 'open' }]);
    expect(await count('select count(*) from orders where checkout_id = ?', checkoutId)).toBe(1);
    expect(await world.events(checkoutId)).toEqual(['checkout.opened', 'checkout.completed']);
    expect(await at.settle({ ...scope, checkoutId })).toMatchObject({ status: 'paid', provider: 'merchant' });
  });

  it('begins the subscription where it was paid, once', async () => {
    const { checkoutId, stray } = await world.aFallenBack(at, { mode: 'subscription' });
    const subscription = aSubscription(`psub_${stray}`);
    at.merchant.pay(stray, { subscription });
    const seen = await at.look(checkoutId);
    expect(seen.subscriptionId).toMatch(/^sub_/);
    expect(await at.look(checkoutId)).toMatchObject({ status: 'paid', hasMoved: false, lookAgainMs: null });
    expect(await count('select count(*) from subscriptions where checkout_id = ?', checkoutId)).toBe(1);
    expect(await count('select count(*) from entitlements where source_id = ?', seen.subscriptionId ?? '')).toBe(1);
    expect(at.merchant.canceled).toEqual([]);
  });

  it('waits while the other cannot be ended for sure, and a person knows by then', async () => {
    const { checkoutId, stray } = await world.aFallenBack(at);
    at.merchant.pay(stray);
    at.world.before = () => {
      throw away();
    };
    await expect(at.look(checkoutId)).rejects.toMatchObject({ code: 'provider_timeout' });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'open', provider: 'world' });
    expect(await world.reviewsOf(checkoutId)).toMatchObject([{ kind: 'stray_session_paid' }]);
    at.world.before = () => undefined;
    expect(await at.look(checkoutId)).toMatchObject({ status: 'paid' });
    expect(await world.reviewsOf(checkoutId)).toHaveLength(1);
  });

  it('has the other watched where it cannot be ended, and what is paid there yet goes back', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.world.canEnd = false;
    at.merchant.pay(stray);
    const seen = await at.look(checkoutId);
    expect(seen).toMatchObject({ status: 'paid', others: ['world'] });
    expect(await at.look(checkoutId, 'world')).toMatchObject({ status: 'unknown', lookAgainMs: minuteMs });
    at.world.pay(own);
    expect(await at.untilDone(checkoutId, 'world')).toMatchObject({ status: 'refunded' });
    expect([at.merchant.net(), at.world.net()]).toEqual([4900, 0]);
    expect((await world.reviewsOf(checkoutId)).map(({ kind }) => kind)).toEqual([
      'stray_session_paid',
      'charged_twice',
    ]);
  });

  it('honours money of a checkout that had ended meanwhile', async () => {
    const { checkoutId, stray } = await world.aFallenBack(at);
    await at.end({ ...scope, checkoutId, to: 'canceled' });
    at.merchant.pay(stray);
    expect(await at.look(checkoutId)).toMatchObject({ status: 'paid', hasMoved: true });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'paid', provider: 'merchant' });
  });

  it('leaves a canceled page that is watched to its watcher, who returns what is paid there too', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.world.canEnd = false;
    expect(await at.end({ ...scope, checkoutId, to: 'canceled' })).toMatchObject({ strays: ['world'] });
    at.merchant.pay(stray);
    expect(await at.look(checkoutId)).toMatchObject({ status: 'paid', others: [] });
    expect(await world.strayOf(checkoutId, 'world')).toMatchObject({ status: 'unknown', provider_checkout_id: own });
    at.world.pay(own);
    expect(await at.untilDone(checkoutId, 'world')).toMatchObject({ status: 'refunded' });
    expect([at.merchant.net(), at.world.net()]).toEqual([4900, 0]);
  });

  it('honours money of a checkout that nobody could serve', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    at.merchant.answers.push('lose');
    const { left } = await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    await at.open({ ...scope, checkoutId, provider: null, left });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'failed' });
    at.merchant.pay([...at.merchant.sessions.keys()][0] ?? '');
    expect(await at.look(checkoutId)).toMatchObject({ status: 'paid', servedBy: 'merchant' });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'paid', provider: 'merchant' });
  });
});

describe('a checkout that was paid twice', () => {
  it('returns what is not in its books, in full and once, and a person is told', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.world.pay(own);
    await at.settle({ ...scope, checkoutId });
    at.merchant.pay(stray);
    const first = await at.look(checkoutId);
    expect(first).toMatchObject({ status: 'paid', hasMoved: false });
    expect(first.refundId).toMatch(/^re_[0-9a-f]{32}$/);
    expect((await at.look(checkoutId)).refundId).toBe(first.refundId); // a crash before the workflow heard of it
    expect(await at.untilDone(checkoutId)).toMatchObject({ status: 'refunded', lookAgainMs: null });
    expect(await refundsOf(checkoutId)).toEqual([{ provider: 'merchant', status: 'succeeded', amount_minor: 4900 }]);
    expect([at.merchant.net(), at.world.net()]).toEqual([0, 4900]);
    expect(await world.reviewsOf(checkoutId)).toMatchObject([{ kind: 'charged_twice', status: 'open' }]);
    expect(await world.rowOf(checkoutId)).toMatchObject({
      status: 'paid',
      provider: 'world',
      provider_checkout_id: own,
    });
    expect(await count('select count(*) from orders where checkout_id = ?', checkoutId)).toBe(1);
  });

  it('keeps the page that was handed out when both were paid before anybody looked, and the times say nothing', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.world.pay(own);
    at.merchant.pay(stray);
    expect(await at.untilDone(checkoutId)).toMatchObject({ status: 'refunded', hasMoved: false });
    expect([at.merchant.net(), at.world.net()]).toEqual([0, 4900]);
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'paid', provider: 'world' });
    expect(await world.reviewsOf(checkoutId)).toMatchObject([{ kind: 'charged_twice' }]);
  });

  it('keeps what was surely paid first, and returns the later', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.merchant.pay(stray, { payment: aPayment({ paidAt: '2026-11-21T09:00:00.000Z' }) });
    at.world.pay(own, { payment: aPayment({ paidAt: '2026-11-21T09:30:00.000Z' }) });
    await at.untilDone(checkoutId);
    expect([at.merchant.net(), at.world.net()]).toEqual([4900, 0]);
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'paid', provider: 'merchant' });
    expect(await world.strayOf(checkoutId, 'world')).toMatchObject({ status: 'refunded' });
  });

  it('is found out while the handed-out page is being ended', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.merchant.pay(stray);
    at.world.before = (call) => {
      if (call === 'end') at.world.pay(own); // the buyer is faster
    };
    await at.untilDone(checkoutId);
    expect(at.merchant.net() + at.world.net()).toBe(4900);
    expect((await world.reviewsOf(checkoutId)).map(({ kind }) => kind)).toEqual(['charged_twice']);
  });

  it('ends a subscription that began there, and none of ours', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at, { mode: 'subscription' });
    at.world.pay(own, { subscription: aSubscription(newId('sub')) });
    await at.settle({ ...scope, checkoutId });
    at.merchant.pay(stray, { subscription: aSubscription(`psub_${stray}`) });
    await at.untilDone(checkoutId);
    expect([at.merchant.canceled.includes(`psub_${stray}`), at.world.canceled]).toEqual([true, []]);
    expect([at.merchant.net(), at.world.net()]).toEqual([0, 4900]);
    expect(await count('select count(*) from subscriptions where checkout_id = ?', checkoutId)).toBe(1);
  });

  it('asks a person when the money does not go back', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.world.pay(own);
    await at.settle({ ...scope, checkoutId });
    at.merchant.pay(stray);
    at.merchant.refundStatus = 'refuse';
    expect(await at.untilDone(checkoutId)).toMatchObject({ status: 'paid', lookAgainMs: null });
    const reviews = await world.reviewsOf(checkoutId);
    expect(reviews.map(({ kind }) => kind)).toEqual(['charged_twice', 'refund_failed']);
    expect(reviews[1]?.['evidence']).toMatchObject({ amount_minor: 4900, failure_code: 'payment_not_refundable' });
  });

  it('shows and refunds its own payment, not the one that goes back', async () => {
    const { checkoutId, stray, own } = await world.aFallenBack(at);
    at.world.pay(own);
    await at.settle({ ...scope, checkoutId });
    at.merchant.pay(stray);
    await at.look(checkoutId);
    const { reserveRefund } = await import('../../../src/db/queries/refunds.ts');
    const reservation = await reserveRefund(world.orm.em.fork(), scope, {
      ...{ id: newId('re'), amountMinor: null, reason: 'requested_by_customer', actor: 'key_1', canRefund: () => true },
      target: { organizationId: 'org_1', checkoutId, invoiceId: null },
    });
    expect(reservation).toMatchObject({ outcome: 'reserved', payment: { provider: 'world' } });
  });
});

describe('a page that was closed here and can still be paid there', () => {
  it('is watched, and its money honoured without a webhook', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    at.merchant.canEnd = false;
    await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    expect(await at.end({ ...scope, checkoutId, to: 'canceled' })).toMatchObject({
      status: 'canceled',
      strays: ['merchant'],
    });
    expect(await at.look(checkoutId)).toMatchObject({ status: 'unknown', lookAgainMs: minuteMs });
    at.merchant.pay([...at.merchant.sessions.keys()][0] ?? '');
    expect(await at.look(checkoutId)).toMatchObject({ status: 'paid', hasMoved: true });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'paid', provider: 'merchant' });
    expect(await world.reviewsOf(checkoutId)).toEqual([]); // as any late payment
  });

  it('is not watched once it is ended there, nor before its ending is known', async () => {
    const checkoutId = await world.aCheckout({ status: 'creating' });
    await at.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
    at.merchant.before = (call) => {
      if (call !== 'end') return;
      at.merchant.before = () => undefined;
      throw away();
    };
    await expect(at.end({ ...scope, checkoutId, to: 'canceled' })).rejects.toMatchObject({ code: 'provider_timeout' });
    expect(await world.rowOf(checkoutId)).toMatchObject({ status: 'open' });
    const ended = await at.end({ ...scope, checkoutId, to: 'canceled' });
    expect(ended).toMatchObject({ status: 'expired' }); // as its provider says
    expect(ended.strays).toBeUndefined();
    expect(await world.strayOf(checkoutId)).toBeUndefined();
  });
});
