import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateQuery, subscriptionWorkflowId, whyQuery } from '../../src/workflows/messages.ts';
import { startSystem, type System } from './support.ts';
import { canceledNow, lateThenRecovered, read, trialToActive } from './subscription-stories.ts';

let at: System;
beforeAll(async () => {
  at = await startSystem();
}, 180_000);
afterAll(() => at?.end());

const whatOf = (view: Awaited<ReturnType<typeof read>>) => view.timeline.map(({ what }) => what);

describe('a subscription on the whole system', () => {
  it('goes from a trial to a paid month, and its workflow tells so', async () => {
    const id = await trialToActive(at);
    const view = await read(at, id);
    expect(view).toMatchObject({ status: 'active', entitled: true, next_action: { kind: 'renew', by: 'provider' } });
    expect(whatOf(view)).toEqual(
      expect.arrayContaining(['subscription.created', 'subscription.trial_ending', 'subscription.activated']),
    );
    const handle = at.temporal.workflow.getHandle(subscriptionWorkflowId(id));
    expect(await handle.query(whyQuery)).toContain('**active**');
    expect(await handle.query(stateQuery)).toMatchObject({ status: 'active', item: 'look' });
  }, 120_000);

  it('is reminded when it is late, and recovers with another card', async () => {
    const view = await read(at, await lateThenRecovered(at));
    expect(view).toMatchObject({ status: 'active', entitled: true, grace_ends_at: null });
    expect(whatOf(view)).toEqual(
      expect.arrayContaining(['subscription.past_due', 'subscription.payment_reminder', 'subscription.recovered']),
    );
  }, 120_000);

  it('ends when it is told to, and its workflow with it', async () => {
    const id = await canceledNow(at);
    expect(await read(at, id)).toMatchObject({ status: 'canceled', entitled: false, next_action: null });
    expect(await at.temporal.workflow.getHandle(subscriptionWorkflowId(id)).result()).toEqual({ status: 'canceled' });
  }, 120_000);
});
