import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { atOnce, everything } from '../../unit/domain/operations.ts';
import { inDays, startOperationWorld, toolsOf, type OperationWorld, type Ref } from './operation-world.ts';
import { expectDocumented } from '../../support/documented-events.ts';

let world: OperationWorld;
beforeAll(async () => {
  world = await startOperationWorld();
});
afterAll(() => world?.end());

const { operate, rowOf, changeOf, eventsOf, names, due } = toolsOf(() => world);
const toMax = { planId: 'plan_max', priceId: 'price_max', proration: 'immediate' } as const;

/** One period of a subscription that is paid by voucher, in days from now. */
async function invoiceOf(
  { projectId, live, subscriptionId }: Ref,
  period: { readonly status: string; readonly from: number; readonly until: number },
): Promise<void> {
  const row = {
    ...{ id: newId('inv'), project_id: projectId, live, organization_id: 'org_1', subscription_id: subscriptionId },
    ...{ provider: 'acme', status: period.status, total_minor: 2_900, currency: 'USD' },
    ...{ amount_paid_minor: 2_900, amount_refunded_minor: 0 },
    ...{ period_start: inDays(period.from), period_end: inDays(period.until) },
  };
  const names = Object.keys(row);
  await world.query(
    `insert into invoices (${names.join(', ')}) values (${names.map(() => '?').join(', ')}) returning id`,
    Object.values(row),
  );
}

describe('a change', () => {
  it('is made once, told once, and stays made', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', { ...toMax, quantity: 2 });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { status: 'active' } });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied' });
    expect(await rowOf(ref)).toMatchObject({
      planId: 'plan_max',
      priceId: 'price_max',
      quantity: 2,
      amountMinor: 19_800,
    });
    expect(await changeOf(id)).toMatchObject({ method: 'provider', effectiveAt: expect.any(Date) });
    expect(names()).toEqual(['change now']);
    expect(await eventsOf(ref)).toEqual(['subscription.changed']);
    const [entry] = await world.query(`select actor, before, after from audit_log where entity_id = ?`, [
      ref.subscriptionId,
    ]);
    expect(entry).toMatchObject({ actor: 'key_1', before: { plan_id: 'plan_pro' }, after: { plan_id: 'plan_max' } });
  });

  it('of two at once is made once', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    const both = await Promise.all([operate(ref, id), operate(ref, id)]);
    expect(both.map(({ status }) => status)).toEqual(['applied', 'applied']);
    expect(new Set(world.acme.calls.map(({ key }) => key)).size).toBe(1);
    expect(await eventsOf(ref)).toEqual(['subscription.changed']);
  });

  it('whose answer is lost is read, not sent again', async () => {
    const ref = await world.aSubscription();
    world.acme.faults.set('change', 'answer_lost');
    expect(await operate(ref, await world.ask(ref, 'change', toMax))).toMatchObject({ status: 'applied' });
    expect(names()).toEqual(['change now']);
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_max' });
  });

  it('that never arrived is sent again with the same key', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    world.acme.faults.set('change', 'call_lost');
    await expect(operate(ref, id)).rejects.toMatchObject({ type: 'outcome_unknown', nonRetryable: false });
    expect(await changeOf(id)).toMatchObject({ status: 'requested' });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied' });
    const [first, second, ...more] = world.acme.calls;
    expect([first?.done, second?.done, more]).toEqual([false, true, []]);
    expect(first?.key).toBe(second?.key);
  });

  it('that the bank declines leaves all as it was, with the reason', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    world.acme.faults.set('change', 'declined');
    expect(await operate(ref, id)).toMatchObject({ status: 'failed', settled: { status: 'active' } });
    expect(await changeOf(id)).toMatchObject({
      failureCode: 'payment_declined',
      failureDetail: { decline_code: 'insufficient_funds', provider_code: 'no_money' },
    });
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_pro', amountMinor: 2_900 });
    expect(await eventsOf(ref)).toEqual([]);
    expect(await operate(ref, id)).toMatchObject({ status: 'failed' });
    expect(names()).toEqual(['change now']);
  });

  it('that the provider refuses has failed', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    world.acme.faults.set('change', 'refused');
    expect(await operate(ref, id)).toMatchObject({ status: 'failed' });
    expect(await changeOf(id)).toMatchObject({ failureCode: 'provider_rejected' });
  });

  it('waits for a provider that is away', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    world.acme.faults.set('change', 'unavailable');
    await expect(operate(ref, id)).rejects.toMatchObject({ type: 'provider_unreachable', nonRetryable: false });
    expect(await changeOf(id)).toMatchObject({ status: 'requested' });
  });

  it('with the next period waits at the provider, and is applied when it is seen', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', { ...toMax, timing: 'period_end', proration: 'none' });
    const { settled } = await operate(ref, id);
    expect(await changeOf(id)).toMatchObject({ status: 'scheduled', method: 'provider' });
    expect(settled.next?.kind).toBe('look');
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_pro' });
    world.acme.truth = {
      ...world.acme.truth,
      price: { providerProductId: 'acme_max', providerPriceId: 'acme_max_monthly' },
    };
    await world.activities.settleSubscription({ ...ref, disputeIds: [] });
    expect(await changeOf(id)).toMatchObject({ status: 'applied' });
    expect(await eventsOf(ref)).toEqual(['subscription.change_scheduled', 'subscription.changed']);
  });

  it('that waits is withdrawn at the provider', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', { ...toMax, timing: 'period_end', proration: 'none' });
    await operate(ref, id);
    expect(await operate(ref, await world.ask(ref, 'undo_change'))).toMatchObject({ status: 'applied' });
    expect(await changeOf(id)).toMatchObject({ status: 'withdrawn' });
    expect(names()).toEqual(['change period_end', 'cancelChange']);
  });

  it('that waits for its customer is applied when the customer has come', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    world.acme.faults.set('change', 'confirm');
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled' });
    expect(await rowOf(ref)).toMatchObject({
      planId: 'plan_pro',
      nextStep: { kind: 'confirm', clientSecret: 'secret' },
    });
    const price = { providerProductId: 'acme_max', providerPriceId: 'acme_max_monthly' };
    world.acme.truth = { ...world.acme.truth, price };
    await world.activities.settleSubscription({ ...ref, disputeIds: [] });
    expect(await changeOf(id)).toMatchObject({ status: 'applied' });
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_max', nextStep: null });
  });

  it('that nobody confirms lapses', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', toMax);
    world.acme.faults.set('change', 'confirm');
    const { settled } = await operate(ref, id);
    expect(settled.next).toMatchObject({ kind: 'operation', changeId: id });
    await due(ref, id);
    expect(await operate(ref, id)).toMatchObject({ status: 'failed' });
    expect(await changeOf(id)).toMatchObject({ failureCode: 'payment_not_confirmed' });
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_pro', nextStep: null });
    expect(names()).toEqual(['change now']);
  });
});

describe('a change that the provider cannot wait for', () => {
  it('is made by us in its hour', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const id = await world.ask(ref, 'change', { ...toMax, timing: 'period_end', proration: 'none' });
    const { settled } = await operate(ref, id);
    const { effectiveAt } = await changeOf(id);
    expect(Date.parse(world.acme.truth.currentPeriodEnd ?? '') - (effectiveAt?.getTime() ?? 0)).toBe(3_600_000);
    expect(settled.next).toEqual({ kind: 'operation', at: effectiveAt?.toISOString(), changeId: id });
    expect(names()).toEqual([]);
    await due(ref, id);
    expect(await operate(ref, id)).toMatchObject({ status: 'applied' });
    expect(names()).toEqual(['change now']);
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_max' });
    expect(await eventsOf(ref)).toEqual(['subscription.change_scheduled', 'subscription.changed']);
  });

  it('waits for the next period when its hour was missed', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const id = await world.ask(ref, 'change', { ...toMax, timing: 'period_end', proration: 'none' });
    await operate(ref, id);
    await due(ref, id);
    world.acme.truth = { ...world.acme.truth, currentPeriodStart: inDays(-1), currentPeriodEnd: inDays(29) };
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled' });
    const { effectiveAt } = await changeOf(id);
    expect(Math.abs((effectiveAt?.getTime() ?? 0) - Date.parse(inDays(29)) + 3_600_000)).toBeLessThan(60_000);
    expect(names()).toEqual([]);
  });

  it('is withdrawn without asking anybody', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const id = await world.ask(ref, 'change', { ...toMax, timing: 'period_end', proration: 'none' });
    await operate(ref, id);
    expect(await operate(ref, await world.ask(ref, 'undo_change'))).toMatchObject({ status: 'applied' });
    expect(await changeOf(id)).toMatchObject({ status: 'withdrawn' });
    expect(names()).toEqual([]);
  });
});

describe('a replacement', () => {
  const unchangeable = { ...everything, change: { plan: [], interval: [], quantity: [] } };
  const later = { ...toMax, timing: 'period_end', proration: 'none' } as const;

  it('ends the old one before it begins the new one, which is charged from the period’s end on', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = unchangeable;
    const id = await world.ask(ref, 'change', later);
    await operate(ref, id);
    expect(await changeOf(id)).toMatchObject({ status: 'scheduled', method: 'recreate' });
    await due(ref, id);
    const { currentPeriodEnd } = world.acme.truth;
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { isOver: false } });
    expect(names()).toEqual(['cancel now', 'create']);
    const row = await rowOf(ref);
    expect(row).toMatchObject({ planId: 'plan_max', providerSubscriptionId: `acme_${ref.subscriptionId}_new` });
    expect(row.trialEnd?.toISOString()).toBe(currentPeriodEnd);
    expect(world.acme.all.get(`acme_${ref.subscriptionId}`)?.status).toBe('canceled');
  });

  it('of which an answer is lost begins one new one', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = unchangeable;
    const id = await world.ask(ref, 'change', later);
    await operate(ref, id);
    await due(ref, id);
    world.acme.faults.set('create', 'answer_lost');
    await expect(operate(ref, id)).rejects.toMatchObject({ type: 'outcome_unknown' });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { isOver: false } });
    expect(names()).toEqual(['cancel now', 'create']);
  });

  it('whose payment is declined leaves it ended, as its provider has it', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = unchangeable;
    const id = await world.ask(ref, 'change', later);
    await operate(ref, id);
    await due(ref, id);
    world.acme.faults.set('create', 'declined');
    expect(await operate(ref, id)).toMatchObject({ status: 'failed', settled: { isOver: true } });
    expect(await changeOf(id)).toMatchObject({ failureCode: 'payment_declined' });
  });

  it('by a free plan goes on without a provider', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'change', { planId: 'plan_free', priceId: 'price_free', timing: 'now' });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { status: 'active', isOver: false } });
    expect(names()).toEqual(['cancel now']);
    expect(await rowOf(ref)).toMatchObject({
      ...{ planId: 'plan_free', collection: 'none', provider: null, providerSubscriptionId: null, amountMinor: 0 },
      ...{ currentPeriodEnd: null, cancelAtPeriodEnd: false },
    });
    expect(await eventsOf(ref)).toEqual(['subscription.changed']);
  });
});

describe('an end', () => {
  it('now ends it, and withdraws what waited', async () => {
    const ref = await world.aSubscription();
    const change = await world.ask(ref, 'change', { ...toMax, timing: 'period_end', proration: 'none' });
    await operate(ref, change);
    const id = await world.ask(ref, 'cancel', { reason: 'unused', comment: 'bye' });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { status: 'canceled', isOver: true } });
    expect(await changeOf(change)).toMatchObject({ status: 'withdrawn' });
    expect(await eventsOf(ref)).toEqual(['subscription.change_scheduled', 'subscription.canceled']);
    const late = await world.ask(ref, 'pause');
    expect(await operate(ref, late)).toMatchObject({ status: 'failed' });
    expect(await changeOf(late)).toMatchObject({ failureCode: 'subscription_ended' });
  });

  it('whose answer is lost is read', async () => {
    const ref = await world.aSubscription();
    world.acme.faults.set('cancel', 'answer_lost');
    expect(await operate(ref, await world.ask(ref, 'cancel'))).toMatchObject({ status: 'applied' });
    expect(names()).toEqual(['cancel now']);
  });

  it('with the period is scheduled at the provider, and undone there', async () => {
    const ref = await world.aSubscription();
    const id = await world.ask(ref, 'cancel', { timing: 'period_end' });
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled' });
    expect(await rowOf(ref)).toMatchObject({ status: 'active', cancelAtPeriodEnd: true });
    expect(await operate(ref, await world.ask(ref, 'undo_cancel'))).toMatchObject({ status: 'applied' });
    expect(await changeOf(id)).toMatchObject({ status: 'withdrawn' });
    expect(await rowOf(ref)).toMatchObject({ cancelAtPeriodEnd: false, cancelAt: null });
    expect(await eventsOf(ref)).toEqual(['subscription.cancel_scheduled', 'subscription.cancel_undone']);
  });

  it('that the provider cannot schedule waits with us, through every look, and comes in its hour', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const id = await world.ask(ref, 'cancel', { timing: 'period_end' });
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled', settled: { next: { changeId: id } } });
    await world.activities.settleSubscription({ ...ref, disputeIds: [] });
    const { effectiveAt } = await changeOf(id);
    expect(await rowOf(ref)).toMatchObject({ status: 'active', cancelAtPeriodEnd: true, cancelAt: effectiveAt });
    expect(names()).toEqual([]);
    await due(ref, id);
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { isOver: true } });
    expect(names()).toEqual(['cancel now']);
    expect(await eventsOf(ref)).toEqual(['subscription.cancel_scheduled', 'subscription.canceled']);
  });

  it('that waits with us is undone without asking anybody', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const id = await world.ask(ref, 'cancel', { timing: 'period_end' });
    await operate(ref, id);
    expect(await operate(ref, await world.ask(ref, 'undo_cancel'))).toMatchObject({ status: 'applied' });
    expect(names()).toEqual([]);
    await world.activities.settleSubscription({ ...ref, disputeIds: [] });
    expect(await rowOf(ref)).toMatchObject({ cancelAtPeriodEnd: false, cancelAt: null });
    expect(await changeOf(id)).toMatchObject({ status: 'withdrawn' });
  });

  it('of what is paid by voucher comes with the last period that is paid, and asks no provider', async () => {
    const ref = await world.aSubscription({
      ...{ collection: 'voucher', voucher_method: 'oxxo', provider_subscription_id: null },
    });
    const id = await world.ask(ref, 'cancel', { timing: 'period_end' });
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled', settled: { status: 'active' } });
    expect(await rowOf(ref)).toMatchObject({ status: 'active', cancelAtPeriodEnd: true });
    await due(ref, id); // but a further period is paid
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled', settled: { status: 'active' } });
    await due(ref, id, inDays(-1 / 1_000));
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { isOver: true } });
    expect(names()).toEqual([]);
  });

  it.each(['paid', 'partially_refunded', 'refunded'])(
    'of a voucher %s ahead comes when that period ends',
    async (status) => {
      const ref = await world.aSubscription({
        ...{ collection: 'voucher', voucher_method: 'oxxo', provider_subscription_id: null },
      });
      await invoiceOf(ref, { status: 'paid', from: -15, until: 15 });
      await invoiceOf(ref, { status, from: 15, until: 45 });
      await invoiceOf(ref, { status: 'void', from: 45, until: 75 });
      const id = await world.ask(ref, 'cancel', { timing: 'period_end' });
      expect(await operate(ref, id)).toMatchObject({ status: 'scheduled', settled: { status: 'active' } });
      const { effectiveAt } = await changeOf(id);
      expect(Math.round(((effectiveAt?.getTime() ?? 0) - Date.now()) / 86_400_000)).toBe(45);
      expect(await rowOf(ref)).toMatchObject({ cancelAtPeriodEnd: true, cancelAt: effectiveAt });
    },
  );

  it('of what costs nothing comes at once, and asks no provider', async () => {
    const free = { provider: null, provider_subscription_id: null, current_period_end: null };
    const ref = await world.aSubscription({ collection: 'none', ...free });
    const id = await world.ask(ref, 'cancel', { timing: 'period_end' });
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { status: 'canceled' } });
    expect(await rowOf(ref)).toMatchObject({ endedAt: expect.any(Date) });
    expect(names()).toEqual([]);
  });
});

describe('what was told', () => {
  it('is in the form that is documented', async () => {
    expect(await expectDocumented((sql) => world.query(sql))).toContain('subscription');
  });
});
