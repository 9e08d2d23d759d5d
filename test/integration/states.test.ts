import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultLifecyclePolicy } from '../../src/domain/subscription/lifecycle-policy.ts';
import { subscriptionStatuses } from '../../src/domain/subscription/states.ts';
import { stateQuery, subscriptionWorkflowId, whyQuery } from '../../src/workflows/messages.ts';
import { searchAttributes } from '../../src/workflows/search-attributes.ts';
import type { subscription } from '../../src/workflows/subscription.ts';
import {
  ask,
  bought,
  canceledNow,
  declinedAtOnce,
  late,
  paused,
  payVoucher,
  read,
  told,
  voucherIssued,
  type SubscriptionView,
} from './subscription-stories.ts';
import { startSystem, type System } from './support.ts';

let at: System;
beforeAll(async () => {
  at = await startSystem();
}, 180_000);
afterAll(() => at?.end());

const soon = { timeout: 20_000, interval: 100 };
const dayMs = 86_400_000;
const metadata = z.object({ currentDetails: z.string() });
type NextAction = SubscriptionView['next_action'];

/** What everybody who asks about a subscription in a state is told. */
interface Told {
  readonly status: string;
  readonly reach: (at: System) => Promise<string>;
  readonly entitled: boolean;
  readonly reason: string;
  readonly next: (view: SubscriptionView) => NextAction;
  readonly timeline: readonly string[];
  /** What its workflow does next; null: it has ended. */
  readonly item: string | null;
}

const nothing = () => null;

/** The last one moves the providers' time. */
const states: readonly Told[] = [
  {
    ...{ status: 'incomplete', reach: voucherIssued, entitled: false, reason: 'subscription_incomplete' },
    next: (view) => ({ kind: 'pay_voucher', by: 'customer', at: view.next_action?.at ?? 'missing' }),
    ...{ timeline: ['subscription.created', 'subscription.voucher_issued'], item: 'look' },
  },
  {
    ...{ status: 'trialing', reach: (system) => bought(system, { trial_days: 10 }), entitled: true },
    next: (view) => ({ kind: 'begin_charging', by: 'provider', at: view.trial_end }),
    ...{ reason: 'subscription_trialing', timeline: ['subscription.created'], item: 'notify_trial_end' },
  },
  {
    ...{ status: 'active', reach: (system) => bought(system, {}), entitled: true, reason: 'subscription_active' },
    next: (view) => ({ kind: 'renew', by: 'provider', at: view.current_period_end }),
    ...{ timeline: ['subscription.created'], item: 'look' },
  },
  {
    ...{ status: 'paused', reach: paused, entitled: false, reason: 'subscription_paused' },
    next: (view) => ({ kind: 'resume', by: 'provider', at: view.resumes_at }),
    ...{ timeline: ['subscription.created', 'subscription.paused'], item: 'look' },
  },
  {
    ...{ status: 'canceled', reach: canceledNow, entitled: false, reason: 'subscription_canceled', next: nothing },
    ...{ timeline: ['subscription.created', 'subscription.canceled'], item: null },
  },
  {
    ...{ status: 'expired', reach: declinedAtOnce, entitled: false, reason: 'subscription_expired', next: nothing },
    ...{ timeline: ['subscription.created', 'subscription.expired'], item: null },
  },
  {
    ...{ status: 'past_due', reach: late, entitled: true, reason: 'subscription_past_due_grace' },
    next: (view) => ({ kind: 'update_payment_method', by: 'customer', at: view.grace_ends_at }),
    timeline: ['subscription.created', 'subscription.past_due', 'subscription.payment_reminder'],
    item: 'remind_payment',
  },
];

/** The API's two answers: how it stands, and whether the organization may go on. */
async function expectApiTells(id: string, expected: Omit<Told, 'reach' | 'item'>): Promise<SubscriptionView> {
  const view = await read(at, id);
  const { status, entitled, reason, timeline } = expected;
  const next = expected.next(view);
  expect(view).toMatchObject({ status, entitled, next_action: next });
  expect(next === null || Date.parse(next.at ?? '') > Date.now()).toBe(true);
  expect(view.timeline.map(({ what }) => what)).toEqual(expect.arrayContaining([...timeline]));
  const access = await ask(at, 'GET', `/billing/access?organization_id=${view.organization_id}`);
  expect(access).toMatchObject({ allowed: entitled, reason, plan: 'pro', subscription_id: id });
  return view;
}

/** What an operator sees of its workflow. */
async function expectTemporalTells(id: string, { status, item }: Pick<Told, 'status' | 'item'>) {
  const handle = at.temporal.workflow.getHandle<typeof subscription>(subscriptionWorkflowId(id));
  await expect.poll(() => handle.query(stateQuery), soon).toMatchObject({ status, item });
  expect((await handle.query(whyQuery)).split('\n').at(-1)).toContain(`**${status}**`);
  const shown = async () => (await handle.describe()).typedSearchAttributes.get(searchAttributes.status);
  await expect.poll(shown, soon).toBe(status);
  return handle;
}

describe('everybody tells the same of a subscription', () => {
  it('that is paid in cash: from its first voucher to the day of the next', { timeout: 40_000 }, async () => {
    const id = await voucherIssued(at);
    expect(await read(at, id)).toMatchObject({
      ...{ status: 'incomplete', collection: 'voucher', entitled: false },
      next_action: { kind: 'pay_voucher', voucher: { reference: expect.stringMatching(/^\d{10,}$/) } },
    });
    await payVoucher(at, id);
    await told(at, id, 'activated');
    const view = await expectApiTells(id, {
      ...{ status: 'active', entitled: true, reason: 'subscription_active' },
      next: ({ current_period_end: end }) => ({ kind: 'renew', by: 'plinto', at: end }),
      timeline: ['subscription.created', 'subscription.voucher_issued', 'subscription.activated'],
    });
    const handle = await expectTemporalTells(id, { status: 'active', item: 'issue_voucher' });
    const { next } = await handle.query(stateQuery);
    const aheadMs = Date.parse(view.current_period_end ?? '') - Date.parse(next ?? '');
    expect(aheadMs).toBe(defaultLifecyclePolicy.voucherLeadDays * dayMs);
    expect(await handle.query(whyQuery)).toMatch(/\*\*incomplete\*\*[^]*\*\*active\*\*/);
  });

  it.for(states)('that is $status', { timeout: 40_000 }, async (expected) => {
    const { reach, item, status } = expected;
    const id = await reach(at);
    await expectApiTells(id, expected);
    const handle = await expectTemporalTells(id, expected);
    const { currentDetails } = metadata.parse(await handle.query('__temporal_workflow_metadata'));
    expect(currentDetails).toContain(item === null ? `**${status}**` : `**${status}**, next: ${item} at `);
    const run = (await handle.describe()).status.name;
    expect(run).toBe(item === null ? 'COMPLETED' : 'RUNNING');
  });

  it('whatever its state: none is left out', () => {
    expect(states.map(({ status }) => status).toSorted()).toEqual(subscriptionStatuses.toSorted());
  });
});
