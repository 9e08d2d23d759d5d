import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applySubscriptionTruth } from '../../../src/activities/apply-subscription-truth.ts';
import { RowMoved } from '../../../src/activities/keep-in-step.ts';
import { SubscriptionEntity } from '../../../src/db/entities/subscription.ts';
import {
  aPayment,
  aTruth,
  anInvoice,
  february,
  startSubscriptionWorld,
  type Ref,
  type SubscriptionWorld,
} from './subscription-world.ts';

let world: SubscriptionWorld;
beforeAll(async () => {
  world = await startSubscriptionWorld();
});
afterAll(() => world?.end());
beforeEach(() => world.policy({}));

const dayMs = 86_400_000;
const daysFromNow = (days: number) => new Date(Date.now() + days * dayMs).toISOString();
const settle = (ref: Ref, disputeIds: string[] = []) => world.activities.settleSubscription({ ...ref, disputeIds });
const says = (changes: Parameters<typeof aTruth>[0]) =>
  void (world.acme.truth = aTruth({ ...world.acme.truth, ...changes }));
const eventsOf = async ({ subscriptionId }: Ref) =>
  (await world.query(`select type from outbound_events where object_id = ? order by sequence`, [subscriptionId])).map(
    ({ type }) => type,
  );
const rowOf = async ({ subscriptionId }: Ref) =>
  world.orm.em.fork().findOneOrFail(SubscriptionEntity, { id: subscriptionId });
const accessOf = async ({ subscriptionId }: Ref) =>
  (await world.query(`select is_allowed, reason from entitlements where source_id = ?`, [subscriptionId]))[0];
/** Everything that may not be written twice. */
const everything = async ({ subscriptionId }: Ref) => ({
  events: await world.query(`select id from outbound_events where object_id = ? order by id`, [subscriptionId]),
  audit: await world.query(`select id from audit_log where entity_id = ? order by id`, [subscriptionId]),
  row: await world.query(`select version, updated_at from subscriptions where id = ?`, [subscriptionId]),
  money: await world.query(`select count(*) from payments where subscription_id = ?`, [subscriptionId]),
});

describe('the truth of a subscription', () => {
  it('renews it once, however often it is told', async () => {
    const ref = await world.aSubscription();
    says({
      ...february,
      invoices: [anInvoice(`in_${ref.subscriptionId}`)],
      payments: [aPayment(`py_${ref.subscriptionId}`)],
    });
    const first = await settle(ref);
    expect(first).toMatchObject({ status: 'active', periodStart: february.currentPeriodStart });
    expect(await eventsOf(ref)).toEqual(['subscription.renewed']);
    const before = await everything(ref);
    expect((await settle(ref)).version).toBe(first.version);
    expect(await everything(ref)).toEqual(before);
  });

  it('says in the log what was and what is', async () => {
    const ref = await world.aSubscription();
    says({ quantity: 3, cancelAtPeriodEnd: true, cancelAt: world.acme.truth?.currentPeriodEnd ?? null });
    await settle(ref);
    expect(await eventsOf(ref)).toEqual(['subscription.changed', 'subscription.cancel_scheduled']);
    const [entry] = await world.query(`select actor, before, after from audit_log where entity_id = ? order by id`, [
      ref.subscriptionId,
    ]);
    expect(entry).toEqual({
      actor: `subscription/${ref.subscriptionId}`,
      before: { quantity: 1, cancel_at_period_end: false, cancel_at: null },
      after: { quantity: 3, cancel_at_period_end: true, cancel_at: '2026-02-01T00:00:00.000Z' },
    });
    says({ cancelAtPeriodEnd: false, cancelAt: null });
    await settle(ref);
    expect((await eventsOf(ref)).at(-1)).toBe('subscription.cancel_undone');
  });

  it('shows the plan that its customer chose at the provider', async () => {
    const ref = await world.aSubscription();
    says({ price: { providerProductId: 'acme_max', providerPriceId: 'acme_max_yearly' } });
    await settle(ref);
    expect(await rowOf(ref)).toMatchObject({
      planId: 'plan_max',
      priceId: 'price_max_yearly',
      billingInterval: 'yearly',
    });
    expect(await eventsOf(ref)).toEqual(['subscription.changed']);
    says({ price: { providerProductId: 'elsewhere', providerPriceId: null } });
    await settle(ref);
    expect(await rowOf(ref)).toMatchObject({ planId: 'plan_max' });
  });

  it('closes what was asked and has come true, and withdraws what the end overtook', async () => {
    const ref = await world.aSubscription();
    await world.run(
      `insert into subscription_changes (id, subscription_id, kind, status, timing, method, plan_id, actor, project_id, live, organization_id)
       values ('chg_1', ?, 'change', 'scheduled', 'period_end', 'provider', 'plan_max', 'key_1', 'p', false, 'org_1')`,
      [ref.subscriptionId],
    );
    const status = async (id: string) =>
      (await world.query(`select status from subscription_changes where id = ?`, [id]))[0]?.['status'];
    await settle(ref);
    expect(await status('chg_1')).toBe('scheduled');
    says({ price: { providerProductId: 'acme_max', providerPriceId: 'acme_max_monthly' } });
    await settle(ref);
    expect(await status('chg_1')).toBe('applied');
    await world.run(
      `insert into subscription_changes (id, subscription_id, kind, status, timing, actor, project_id, live, organization_id)
       values ('chg_2', ?, 'pause', 'requested', 'now', 'key_1', 'p', false, 'org_1')`,
      [ref.subscriptionId],
    );
    says({ status: 'canceled', endedAt: '2026-01-20T00:00:00.000Z' });
    await settle(ref);
    expect(await status('chg_2')).toBe('withdrawn');
  });

  it('is not believed when a newer one is known, and is asked for again', async () => {
    const ref = await world.aSubscription();
    await settle(ref);
    const late = applySubscriptionTruth(world.orm.em.fork(), await rowOf(ref), aTruth({ status: 'past_due' }), {
      askedAt: new Date(Date.now() - 60_000),
    });
    await expect(late).rejects.toThrow(RowMoved);
    expect(await rowOf(ref)).toMatchObject({ status: 'active' });
    expect(await eventsOf(ref)).toEqual([]);
  });

  it('resurrects nothing days after the end, but takes the money down', async () => {
    const ref = await world.aSubscription();
    says({ status: 'canceled', canceledAt: '2026-01-10T00:00:00.000Z', endedAt: '2026-01-10T00:00:00.000Z' });
    expect(await settle(ref)).toMatchObject({ status: 'canceled', isOver: true, next: null });
    says({ status: 'active', endedAt: null, ...february, payments: [aPayment(`py_${ref.subscriptionId}`)] });
    expect(await settle(ref)).toMatchObject({ status: 'canceled', isOver: true });
    expect(await eventsOf(ref)).toEqual(['subscription.canceled']);
    expect(await rowOf(ref)).toMatchObject({ endedAt: new Date('2026-01-10'), isEntitled: false });
    expect((await everything(ref)).money).toEqual([{ count: '1' }]);
  });
});

describe('a late payer', () => {
  it('has a grace, is reminded on its days, and is itself again once it has paid', async () => {
    const ref = await world.aSubscription();
    says({ status: 'past_due', currentPeriodEnd: daysFromNow(20) });
    const late = await settle(ref);
    expect(late.next?.kind).toBe('remind_payment');
    const { pastDueAt, graceEndsAt } = await rowOf(ref);
    expect((graceEndsAt?.getTime() ?? 0) - (pastDueAt?.getTime() ?? 0)).toBe(14 * dayMs);
    const reminded = await world.activities.remindPayment(ref);
    expect(reminded.next).toMatchObject({
      kind: 'remind_payment',
      at: new Date((pastDueAt?.getTime() ?? 0) + 3 * dayMs).toISOString(),
    });
    await world.activities.remindPayment(ref);
    expect(await rowOf(ref)).toMatchObject({ remindersSent: 1, isEntitled: true });
    says({ status: 'active', currentPeriodStart: daysFromNow(20), currentPeriodEnd: daysFromNow(50) });
    await world.activities.remindPayment(ref);
    expect(await rowOf(ref)).toMatchObject({ status: 'active', graceEndsAt: null, pastDueAt: null, remindersSent: 0 });
    expect(await eventsOf(ref)).toEqual([
      'subscription.past_due',
      'subscription.payment_reminder',
      'subscription.recovered',
      'subscription.renewed',
    ]);
  });

  it('keeps or loses access as the policy says, in the answer as in the entitlement', async () => {
    await world.policy({ pastDueAccess: 'revoke' });
    const ref = await world.aSubscription();
    says({ status: 'past_due' });
    await settle(ref);
    expect(await accessOf(ref)).toEqual({ is_allowed: false, reason: 'subscription_past_due' });
    const [event] = await world.query(`select data from outbound_events where object_id = ?`, [ref.subscriptionId]);
    expect(event).toMatchObject({ data: { status: 'past_due', entitled: false } });
    expect((await rowOf(ref)).isEntitled).toBe(false);
  });

  it('is ended once the grace is over, at the provider, with one key', async () => {
    const late = { status: 'past_due', past_due_at: daysFromNow(-15), reminders_sent: 4 };
    const ref = await world.aSubscription({ ...late, grace_ends_at: daysFromNow(-1) });
    says({ status: 'past_due' });
    expect((await settle(ref)).next?.kind).toBe('end_grace');
    expect(await world.activities.endGrace(ref)).toMatchObject({ status: 'canceled', isOver: true });
    await world.activities.endGrace(ref);
    expect(world.acme.canceled).toHaveLength(1);
    expect(await eventsOf(ref)).toEqual(['subscription.grace_ended', 'subscription.canceled']);
    expect(await accessOf(ref)).toEqual({ is_allowed: false, reason: 'subscription_canceled' });
  });

  it('stays when it has paid before the end was carried out', async () => {
    const late = { status: 'past_due', past_due_at: daysFromNow(-15), grace_ends_at: daysFromNow(-1) };
    const ref = await world.aSubscription(late);
    says({ status: 'active', ...february });
    expect(await world.activities.endGrace(ref)).toMatchObject({ status: 'active', isOver: false });
    expect(world.acme.canceled).toEqual([]);
  });
});

describe('a trial', () => {
  it('is told of once before its end, and anew when it is prolonged', async () => {
    const trialEnd = daysFromNow(2);
    const ref = await world.aSubscription({ status: 'trialing', trial_end: trialEnd, current_period_end: trialEnd });
    says({ status: 'trialing', trialEnd, currentPeriodEnd: trialEnd });
    expect((await settle(ref)).next?.kind).toBe('notify_trial_end');
    expect((await world.activities.notifyTrialEnd(ref)).next?.kind).toBe('look');
    await world.activities.notifyTrialEnd(ref);
    expect(await eventsOf(ref)).toEqual(['subscription.trial_ending']);
    says({ trialEnd: daysFromNow(9), currentPeriodEnd: daysFromNow(9) });
    expect((await settle(ref)).next?.kind).toBe('notify_trial_end');
    says({ status: 'active' });
    await settle(ref);
    expect((await eventsOf(ref)).at(-1)).toBe('subscription.activated');
  });
});

describe('a dispute', () => {
  it('takes access while it is open, and for a lost one until something is paid again', async () => {
    const ref = await world.aSubscription();
    const payment = aPayment(`py_${ref.subscriptionId}`);
    says({ payments: [payment] });
    await settle(ref);
    const dispute = {
      ...{ providerDisputeId: `dp_${ref.subscriptionId}`, providerPaymentId: payment.providerPaymentId },
      ...{ providerInvoiceId: null, amount: payment.amount, reason: 'fraudulent', respondBy: null },
      createdAt: '2026-01-10T00:00:00.000Z',
    };
    world.acme.disputes = [{ ...dispute, status: 'needs_response' }];
    await settle(ref, [dispute.providerDisputeId]);
    expect(await accessOf(ref)).toEqual({ is_allowed: false, reason: 'payment_disputed' });
    world.acme.disputes = [{ ...dispute, status: 'lost' }];
    await settle(ref, [dispute.providerDisputeId]);
    expect(await accessOf(ref)).toMatchObject({ is_allowed: false });
    says({ payments: [payment, aPayment(`py2_${ref.subscriptionId}`, { paidAt: '2026-02-01T00:00:00.000Z' })] });
    await settle(ref);
    expect(await accessOf(ref)).toEqual({ is_allowed: true, reason: 'subscription_active' });
  });
});
