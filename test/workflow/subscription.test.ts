import { WorkflowUpdateFailedError, WithStartWorkflowOperation } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettledSubscription } from '../../src/activities/settled-subscription.ts';
import {
  begunUpdate,
  billingQueue,
  operateUpdate,
  providerFactsSignal,
  stateQuery,
  subscriptionWorkflowId,
  whyQuery,
  type SubscriptionInput,
} from '../../src/workflows/messages.ts';
import type { subscription } from '../../src/workflows/subscription.ts';
import type { SubscriptionActivities } from './support.ts';
import { aLife, dayMs, iso, monthOf } from './subscription-life.ts';
import { startWorkflowWorld } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

const clock = () => world.env.currentTimeMs();
let count = 0;

function anInput(changes: Partial<SubscriptionInput> = {}): SubscriptionInput {
  const subscriptionId = `sub_${(count += 1)}`;
  const owner = { projectId: 'default', live: false, organizationId: 'org_1' };
  return { ...owner, subscriptionId, provider: 'acme', country: 'US', ...changes };
}

function start(changes: Partial<SubscriptionInput> = {}) {
  const input = anInput(changes);
  return world.env.client.workflow.start<typeof subscription>('subscription', {
    workflowId: subscriptionWorkflowId(input.subscriptionId),
    taskQueue: billingQueue,
    args: [input],
  });
}

function aSettled(changes: Partial<SettledSubscription> = {}): SettledSubscription {
  const quiet = { status: 'active', isOver: false, periodStart: null, next: null } as const;
  return { ...quiet, version: 1, because: 'acme says so', ...changes };
}
const ended = aSettled({ status: 'canceled', isOver: true, version: 99 });
const aFact = (id: string) => ({ id, type: 'dispute.opened', kind: 'dispute', objectId: `dp_${id}` });
const daysAfter = (startMs: number, told: readonly { readonly at: number }[]) =>
  told.map(({ at }) => Math.floor((at - startMs) / dayMs));

describe('a life by the clock alone', () => {
  it('tells of a trial’s end, begins, and renews for five years without a single webhook', async () => {
    const begin = await clock();
    const trialEnd = begin + 14 * dayMs;
    const endsAt = trialEnd + 60 * 30 * dayMs;
    const { activities, told } = aLife(clock, (now) => ({
      status: now < trialEnd ? 'trialing' : now < endsAt ? 'active' : 'canceled',
      trialEnd: iso(trialEnd),
      ...(now < trialEnd ? { periodStart: iso(begin), periodEnd: iso(trialEnd) } : monthOf(trialEnd, now)),
    }));
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'canceled' });
      const what = told.map((each) => each.what);
      expect(what.slice(0, 3)).toEqual(['trial_ending', 'activated', 'renewed']);
      expect(what.filter((each) => each === 'renewed')).toHaveLength(59);
      expect(what.at(-1)).toBe('canceled');
      expect(daysAfter(begin, told.slice(0, 2))).toEqual([11, 14]);
      expect((await handle.fetchHistory()).events?.length).toBeLessThan(40);
    });
  }, 60_000);

  it('reminds a late payer on the days of the policy, and hears by itself that it has paid', async () => {
    const begin = await clock();
    const lateFrom = begin + 30 * dayMs;
    const paidAt = lateFrom + 12.5 * dayMs;
    const { activities, told } = aLife(clock, (now) => ({
      status: now < lateFrom ? 'active' : now < paidAt ? 'past_due' : now < begin + 90 * dayMs ? 'active' : 'expired',
      ...monthOf(begin, now >= paidAt ? now : Math.min(now, lateFrom - 1)),
    }));
    await world.withActivities(activities, async () => {
      expect(await (await start()).result()).toEqual({ status: 'expired' });
    });
    const reminders = told.filter(({ what }) => what === 'payment_reminder');
    expect(daysAfter(lateFrom, reminders)).toEqual([0, 3, 7, 12]);
    expect(told.map(({ what }) => what)).not.toContain('grace_ended');
    const recovered = told.find(({ what }) => what === 'recovered');
    expect((recovered?.at ?? 0) - paidAt).toBeLessThanOrEqual(6 * 3_600_000);
  });

  it('ends a late payer when the grace is over', async () => {
    const begin = await clock();
    const { activities, told } = aLife(clock, (now) => ({ status: 'past_due', ...monthOf(now, now) }));
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'canceled' });
    });
    expect(told.at(-1)?.what).toBe('grace_ended');
    expect(daysAfter(begin, told.slice(-1))).toEqual([14]);
  });

  it('goes on when something cannot be done, and tries it again an hour later', async () => {
    let tries = 0;
    const due = aSettled({ next: { kind: 'end_grace', at: iso(await clock()), changeId: null } });
    const fakes: Partial<SubscriptionActivities> = {
      settleSubscription: async () => due,
      endGrace: async () => {
        tries += 1;
        if (tries < 3) throw ApplicationFailure.nonRetryable('acme refuses', 'refused');
        return ended;
      },
    };
    await world.withActivities(fakes, async () => {
      const begin = await clock();
      expect(await (await start()).result()).toEqual({ status: 'canceled' });
      expect(tries).toBe(3);
      expect((await clock()) - begin).toBeGreaterThanOrEqual(2 * 3_600_000);
    });
  });
});

describe('webhooks', () => {
  it('are looked after once each, however often they are told', async () => {
    const named: (readonly string[])[] = [];
    const settleSubscription: SubscriptionActivities['settleSubscription'] = async ({ disputeIds = [] }) => {
      named.push(disputeIds);
      return disputeIds.includes('dp_2') ? ended : aSettled({ version: named.length });
    };
    await world.withActivities({ settleSubscription }, async () => {
      const handle = await start();
      await expect.poll(() => named.length).toBe(1);
      await handle.signal(providerFactsSignal, [aFact('1'), aFact('1')]);
      await expect.poll(() => named.length).toBe(2);
      await handle.signal(providerFactsSignal, [aFact('1')]);
      await handle.signal(providerFactsSignal, [aFact('2')]);
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(named).toEqual([[], ['dp_1'], ['dp_2']]);
    });
  });

  it('may run ahead of the provider’s own reads: it is looked at again soon', async () => {
    const looks: number[] = [];
    const settleSubscription = async () => {
      looks.push(await clock());
      return aSettled({ version: looks.length < 4 ? 1 : looks.length < 5 ? 2 : 3, isOver: looks.length === 5 });
    };
    await world.withActivities({ settleSubscription }, async () => {
      const handle = await start();
      await expect.poll(() => looks.length).toBe(1);
      await world.env.sleep('2m');
      await handle.signal(providerFactsSignal, [aFact('1')]);
      await expect.poll(() => looks.length).toBe(2);
      await world.env.sleep('2m');
      expect(looks).toHaveLength(4); // after 2 s: nothing new; after 5 s more: there it is
      await handle.signal(providerFactsSignal, [aFact('2')]);
      await handle.result();
      const gaps = looks.slice(1, 4).map((at, index, all) => Math.round((at - (all[index - 1] ?? at)) / 1_000));
      expect(gaps).toEqual([0, 2, 5]);
    });
  });
});

describe('operations', () => {
  it('are carried out one at a time, the story tells of them, and nothing is after the end', async () => {
    const begun: string[] = [];
    let running = 0;
    let most = 0;
    const fakes: Partial<SubscriptionActivities> = {
      settleSubscription: async () => aSettled(),
      operateSubscription: async ({ changeId }) => {
        begun.push(changeId);
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 300));
        running -= 1;
        const isLast = changeId === 'chg_4';
        return {
          status: 'applied',
          settled: isLast ? ended : aSettled({ version: begun.length + 1, because: changeId }),
        };
      },
    };
    await world.withActivities(fakes, async () => {
      const handle = await start();
      const ask = (changeId: string) =>
        handle.executeUpdate(operateUpdate, { updateId: changeId, args: [{ changeId }] });
      const nothing = handle.executeUpdate(operateUpdate, { args: [{ changeId: '' }] });
      await expect(nothing).rejects.toThrow(WorkflowUpdateFailedError);
      const asked = [];
      for (const id of ['chg_1', 'chg_2', 'chg_3']) asked.push(ask(id));
      expect(await Promise.all(asked)).toEqual([{ status: 'applied' }, { status: 'applied' }, { status: 'applied' }]);
      expect(await handle.query(whyQuery)).toContain('**active**, chg_2');
      expect(await handle.query(stateQuery)).toEqual({ status: 'active', next: null, item: null });
      const last = ask('chg_4');
      await expect.poll(() => begun).toContain('chg_4');
      const tooLate = ask('chg_5').catch((error: unknown) => error);
      expect(await last).toEqual({ status: 'applied' });
      expect(await tooLate).toMatchObject({ cause: { type: 'subscription_ended' } });
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect([most, new Set(begun).size, begun.length]).toEqual([1, 4, 4]);
    });
  });

  it('are refused to whoever asked when they cannot be done, and the subscription goes on', async () => {
    const fakes: Partial<SubscriptionActivities> = {
      settleSubscription: async ({ disputeIds = [] }) => (disputeIds.length > 0 ? ended : aSettled()),
      operateSubscription: async () => Promise.reject(ApplicationFailure.nonRetryable('acme says no', 'refused')),
    };
    await world.withActivities(fakes, async () => {
      const handle = await start();
      const asked = handle.executeUpdate(operateUpdate, { args: [{ changeId: 'chg_1' }] });
      await expect(asked).rejects.toMatchObject({ cause: { type: 'refused' } });
      await handle.signal(providerFactsSignal, [aFact('1')]);
      expect(await handle.result()).toEqual({ status: 'canceled' });
    });
  });

  it('and webhooks are not lost while every look continues as new', async () => {
    const operated: string[] = [];
    const heard = new Set<string>();
    const settle = async (disputeIds: readonly string[]) => {
      for (const id of disputeIds) heard.add(id);
      const version = Date.now();
      const isOver = heard.has('dp_last');
      return aSettled({ version, periodStart: iso(version), isOver, status: isOver ? 'canceled' : 'active' });
    };
    const fakes: Partial<SubscriptionActivities> = {
      settleSubscription: ({ disputeIds = [] }) => settle(disputeIds),
      operateSubscription: async ({ changeId }) => {
        operated.push(changeId);
        return { status: 'applied', settled: await settle([]) };
      },
    };
    await world.withActivities(fakes, async () => {
      const { workflowId } = await start();
      const handle = world.env.client.workflow.getHandle<typeof subscription>(workflowId);
      const all = Array.from({ length: 20 }, (_, index) => String(index));
      const done = all.flatMap((id) => [
        handle.signal(providerFactsSignal, [aFact(id)]),
        handle.executeUpdate(operateUpdate, { updateId: `chg_${id}`, args: [{ changeId: `chg_${id}` }] }),
      ]);
      await Promise.all(done);
      await handle.signal(providerFactsSignal, [aFact('last')]);
      await handle.result();
      expect(heard.size).toBe(21);
      expect(operated.toSorted()).toEqual(all.map((id) => `chg_${id}`).toSorted());
    });
  }, 60_000);

  it('that wait are carried out at their time', async () => {
    const at = iso((await clock()) + 10 * dayMs);
    const operated: number[] = [];
    const fakes: Partial<SubscriptionActivities> = {
      settleSubscription: async () => aSettled({ next: { kind: 'operation', at, changeId: 'chg_1' } }),
      operateSubscription: async () => {
        operated.push(await clock());
        return { status: 'applied', settled: ended };
      },
    };
    await world.withActivities(fakes, async () => {
      expect(await (await start()).result()).toEqual({ status: 'canceled' });
      expect(operated).toHaveLength(1);
      expect(operated[0]).toBeGreaterThanOrEqual(Date.parse(at));
    });
  });
});

describe('a direct subscription', () => {
  it('begins once, answers how it stands, and is looked at from then on', async () => {
    let opened = 0;
    const fakes: Partial<SubscriptionActivities> = {
      openSubscription: async () => {
        opened += 1;
        return aSettled({ status: 'incomplete' });
      },
      settleSubscription: async () => ended,
    };
    await world.withActivities(fakes, async () => {
      const input = anInput({ isDirect: true });
      const operation = () =>
        new WithStartWorkflowOperation('subscription', {
          ...{ workflowId: subscriptionWorkflowId(input.subscriptionId), taskQueue: billingQueue, args: [input] },
          workflowIdConflictPolicy: 'USE_EXISTING',
        });
      const begin = () =>
        world.env.client.workflow.executeUpdateWithStart(begunUpdate, {
          updateId: 'begun',
          startWorkflowOperation: operation(),
        });
      expect(await begin()).toEqual({ status: 'incomplete' });
      expect(await begin()).toEqual({ status: 'incomplete' });
      expect(opened).toBe(1);
      const handle = world.env.client.workflow.getHandle(subscriptionWorkflowId(input.subscriptionId));
      await handle.signal(providerFactsSignal, [aFact('1')]);
      expect(await handle.result()).toEqual({ status: 'canceled' });
    });
  });

  it('without a provider lives on the billing queue', async () => {
    const fakes: Partial<SubscriptionActivities> = { settleSubscription: async () => ended };
    await world.withActivities(fakes, async () => {
      expect(await (await start({ provider: null })).result()).toEqual({ status: 'canceled' });
    });
  });
});
