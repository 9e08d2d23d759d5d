import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOpenSubscription } from '../../../src/activities/open-subscription.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { MoneyResult } from '../../../src/providers/port-money.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import { aTruth, startDirectWorld, type Acme } from './direct-world.ts';

let world: Awaited<ReturnType<typeof startDirectWorld>>;
let acme: Acme;
let openSubscription: ReturnType<typeof createOpenSubscription>;
beforeAll(async () => {
  world = await startDirectWorld();
  openSubscription = createOpenSubscription(world.deps);
});
afterAll(() => world?.end());
beforeEach(async () => {
  acme = await world.reset();
});

type Ref = Awaited<ReturnType<typeof world.aSubscription>>;
const rowOf = (ref: Ref) => world.one('subscriptions', ref.subscriptionId);
const lost: MoneyResult<SubscriptionTruth> = { outcome: 'unknown', reason: 'timeout', providerCode: null };
const lostAnswer = async () => lost;
const isUnknown = { code: 'outcome_unknown', kind: 'unavailable' };

/** Turns the clock on: what was written down happened this much earlier. */
async function secondsPass(ref: Ref, seconds: number): Promise<void> {
  const [{ opening } = { opening: null }] = await world.query<{ opening: Record<string, unknown> | null }>(
    'select opening from subscriptions where id = ?',
    [ref.subscriptionId],
  );
  const earlier = (at: unknown) =>
    typeof at === 'string' ? new Date(Date.parse(at) - seconds * 1_000).toISOString() : null;
  const looks = Array.isArray(opening?.['emptyLooks']) ? opening['emptyLooks'].map(earlier) : [];
  const moved = { ...opening, sentAt: earlier(opening?.['sentAt']), emptyLooks: looks };
  await world.query('update subscriptions set opening = ?::jsonb where id = ?', [
    JSON.stringify(moved),
    ref.subscriptionId,
  ]);
}

describe('a subscription opened at its provider', () => {
  it('is active at once, found by webhooks, and told', async () => {
    const ref = await world.aSubscription();
    expect(await openSubscription(ref)).toMatchObject({ status: 'active', isOver: false });
    expect(await rowOf(ref)).toMatchObject({
      ...{ status: 'active', provider_subscription_id: `psub_${ref.subscriptionId}`, provider_customer_id: 'cus_1' },
      ...{ opening: null, next_step: null },
    });
    expect(acme.customers).toMatchObject([{ organizationId: 'org_1', email: 'a@b.example', name: 'a' }]);
    expect(await world.query('select kind, entity_kind, entity_id from provider_objects')).toEqual([
      { kind: 'subscription', entity_kind: 'subscription', entity_id: ref.subscriptionId },
    ]);
    const events = await world.eventsOf(ref.subscriptionId);
    expect(events[0]).toBe('subscription.created');
    expect(events.length).toBeGreaterThan(1);
    expect(await world.query('select is_allowed from entitlements')).toEqual([{ is_allowed: true }]);
  });

  it('is charged once however often it is asked for', async () => {
    const ref = await world.aSubscription();
    await openSubscription(ref);
    expect(await openSubscription(ref)).toMatchObject({ status: 'active', because: 'it has begun' });
    expect(acme.keysOf('subscriptions.create')).toHaveLength(1);
  });

  it('is sent once when two workers take it at the same moment', async () => {
    const ref = await world.aSubscription();
    const answers = await Promise.allSettled([openSubscription(ref), openSubscription(ref)]);
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(new Set(acme.keysOf('subscriptions.create')).size).toBe(1);
    expect(await openSubscription(ref)).toMatchObject({ status: 'active' });
  });

  it('carries our ids, the stored method and the end of the trial', async () => {
    const method = await world.aMethodRow({
      ...{ status: 'active', provider_payment_method_id: 'ppm_1', provider_customer_id: 'cus_9' },
    });
    const trialEnd = new Date('2026-12-05T12:00:00.000Z');
    const ref = await world.aSubscription({ payment_method_id: method.id, trial_end: trialEnd.toISOString() });
    acme.creates.push(async (input) => {
      expect(input).toMatchObject({
        ...{ subscriptionId: ref.subscriptionId, providerPaymentMethodId: 'ppm_1', trialEnd: trialEnd.toISOString() },
        customer: { providerCustomerId: 'cus_9', organizationId: 'org_1' },
        line: { name: 'Pro', unitAmount: { amountMinor: 2_900, currency: 'USD' }, billingInterval: 'monthly' },
        metadata: { subscription_id: ref.subscriptionId, organization_id: 'org_1', project_id: 'p' },
      });
      return { outcome: 'succeeded', value: aTruth(ref.subscriptionId, 'trialing') };
    });
    expect(await openSubscription(ref)).toMatchObject({ status: 'trialing' });
  });

  it('waits for its customer where the bank asks, and keeps the step', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async ({ subscriptionId }) => ({
      ...{ outcome: 'pending', value: aTruth(subscriptionId, 'incomplete') },
      nextAction: { kind: 'confirm', clientSecret: 'pi_1_secret' },
    }));
    expect(await openSubscription(ref)).toMatchObject({ status: 'incomplete', isOver: false });
    expect(await rowOf(ref)).toMatchObject({
      ...{ status: 'incomplete', next_step: { kind: 'confirm', clientSecret: 'pi_1_secret' } },
      provider_subscription_id: `psub_${ref.subscriptionId}`,
    });
    const told = await world.query<{ data: object }>('select data from outbound_events');
    expect(JSON.stringify(told)).not.toContain('pi_1_secret');
  });
});

describe('a declined one', () => {
  it('expires with the reason, and what the provider keeps of it is ended', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async ({ subscriptionId }) => {
      const value = aTruth(subscriptionId, 'past_due');
      acme.subscriptions.set(subscriptionId, value);
      return { outcome: 'declined', declineCode: 'insufficient_funds', providerCode: 'nsf', value };
    });
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired', isOver: true });
    expect(await rowOf(ref)).toMatchObject({
      ...{ status: 'expired', failure_code: 'payment_declined', opening: null },
      failure_detail: { decline_code: 'insufficient_funds', provider_code: 'nsf' },
    });
    expect(acme.keysOf('subscriptions.cancel')).toHaveLength(1);
    expect(acme.subscriptions.get(ref.subscriptionId)?.status).toBe('canceled');
    expect(await world.query('select is_allowed from entitlements')).toEqual([{ is_allowed: false }]);
  });

  it('is ended later when the provider does not answer at first', async () => {
    const ref = await world.aSubscription();
    const declined = async ({
      subscriptionId,
    }: {
      subscriptionId: string;
    }): Promise<MoneyResult<SubscriptionTruth>> => {
      const value = aTruth(subscriptionId, 'incomplete');
      return { outcome: 'declined', declineCode: 'generic_decline', providerCode: null, value };
    };
    acme.creates.push(declined);
    acme.cancel = async () => {
      acme.cancel = async () => undefined;
      throw new BillingError({ code: 'provider_unreachable', kind: 'unavailable', message: 'away' });
    };
    await expect(openSubscription(ref)).rejects.toMatchObject({ code: 'provider_unreachable' });
    expect(await rowOf(ref)).toMatchObject({ status: 'incomplete' });
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired' });
    expect(acme.keysOf('subscriptions.create')).toHaveLength(1);
  });

  it('that the provider keeps nothing of expires without a further call', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async () => ({
      ...{ outcome: 'declined', declineCode: 'expired_card', providerCode: null, value: null },
    }));
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired' });
    expect(acme.keysOf('subscriptions.cancel')).toEqual([]);
    expect(await world.eventsOf(ref.subscriptionId)).toEqual(['subscription.created', 'subscription.expired']);
  });
});

describe('a lost answer', () => {
  it('is cleared up by looking: what is there is taken, and nothing is sent again', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async ({ subscriptionId }) => {
      acme.subscriptions.set(subscriptionId, aTruth(subscriptionId, 'active'));
      return lost;
    });
    await expect(openSubscription(ref)).rejects.toMatchObject(isUnknown);
    expect(await rowOf(ref)).toMatchObject({ status: 'incomplete' });
    expect(await openSubscription(ref)).toMatchObject({ status: 'active' });
    expect(acme.keysOf('subscriptions.create')).toHaveLength(1);
  });

  it('brings the step of a customer who is waited for by the same key', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async ({ subscriptionId }) => {
      acme.subscriptions.set(subscriptionId, aTruth(subscriptionId, 'incomplete'));
      return lost;
    });
    await expect(openSubscription(ref)).rejects.toMatchObject(isUnknown);
    acme.creates.push(async ({ subscriptionId }) => ({
      ...{ outcome: 'pending', value: aTruth(subscriptionId, 'incomplete') },
      nextAction: { kind: 'redirect', url: 'https://bank.example' },
    }));
    await openSubscription(ref);
    expect(await rowOf(ref)).toMatchObject({ next_step: { kind: 'redirect', url: 'https://bank.example' } });
    expect(new Set(acme.keysOf('subscriptions.create')).size).toBe(1);
  });

  it.each([
    ['timeout', 1],
    ['api_error', 2],
  ] as const)(
    'is sent again only when two look-ups found nothing after all has arrived: %s, %d keys',
    async (reason, count) => {
      const ref = await world.aSubscription();
      acme.creates.push(async () => ({ outcome: 'unknown', reason, providerCode: null }));
      await expect(openSubscription(ref)).rejects.toMatchObject(isUnknown);
      await expect(openSubscription(ref)).rejects.toMatchObject({ ...isUnknown, retryAfterMs: expect.any(Number) });
      await secondsPass(ref, 20);
      await expect(openSubscription(ref)).rejects.toMatchObject(isUnknown);
      expect(acme.keysOf('subscriptions.create')).toHaveLength(1);
      await secondsPass(ref, 6);
      expect(await openSubscription(ref)).toMatchObject({ status: 'active' });
      const keys = acme.keysOf('subscriptions.create');
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(count);
    },
  );

  it('of a worker that died between sending and writing is looked for, not sent again', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async ({ subscriptionId }) => {
      acme.subscriptions.set(subscriptionId, aTruth(subscriptionId, 'active'));
      throw new Error('the worker dies');
    });
    await expect(openSubscription(ref)).rejects.toThrow('the worker dies');
    expect(await openSubscription(ref)).toMatchObject({ status: 'active' });
    expect(acme.keysOf('subscriptions.create')).toHaveLength(1);
  });

  it('is never taken for a refusal because the look-up fails', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(lostAnswer);
    await expect(openSubscription(ref)).rejects.toMatchObject(isUnknown);
    acme.find = async () => {
      throw new BillingError({ code: 'provider_rejected', kind: 'invalid', message: 'no' });
    };
    await expect(openSubscription(ref)).rejects.toMatchObject(isUnknown);
    expect(await rowOf(ref)).toMatchObject({ status: 'incomplete' });
  });
});

describe('what the provider refuses', () => {
  it('for good ends it, with the provider’s reason', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async () => {
      throw new BillingError({ code: 'provider_rejected', kind: 'invalid', message: 'no', details: { param: 'plan' } });
    });
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired', isOver: true });
    expect(await rowOf(ref)).toMatchObject({ failure_code: 'provider_rejected', failure_detail: { param: 'plan' } });
  });

  it('for now is sent again at once, with the same key', async () => {
    const ref = await world.aSubscription();
    acme.creates.push(async () => {
      throw new BillingError({ code: 'provider_rate_limited', kind: 'rate_limited', message: 'slow down' });
    });
    await expect(openSubscription(ref)).rejects.toMatchObject({ code: 'provider_rate_limited' });
    expect(await openSubscription(ref)).toMatchObject({ status: 'active' });
    expect(acme.keysOf('subscriptions.find')).toEqual([]);
    expect(new Set(acme.keysOf('subscriptions.create')).size).toBe(1);
  });

  it('for longer than anybody waits begins nothing any more', async () => {
    const ref = await world.aSubscription({ created_at: new Date(Date.now() - 3_700_000).toISOString() });
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired' });
    expect(await rowOf(ref)).toMatchObject({ failure_code: 'no_provider_available' });
    expect(acme.keysOf('subscriptions.create')).toEqual([]);
  });

  it('a method that was taken away meanwhile is not charged', async () => {
    const method = await world.aMethodRow({ status: 'detached', provider_payment_method_id: 'ppm_1' });
    const ref = await world.aSubscription({ payment_method_id: method.id });
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired' });
    expect(await rowOf(ref)).toMatchObject({ failure_code: 'payment_method_not_found' });
    expect(acme.calls).toEqual([]);
  });
});

describe('without a provider that charges', () => {
  it('a free plan is active from now on', async () => {
    const ref = await world.aSubscription({ provider: null, collection: 'none', amount_minor: 0 });
    expect(await openSubscription(ref)).toMatchObject({ status: 'active' });
    expect(acme.calls).toEqual([]);
    expect((await rowOf(ref))['current_period_start']).not.toBeNull();
    expect(await world.eventsOf(ref.subscriptionId)).toEqual(['subscription.created', 'subscription.activated']);
  });

  it('one paid by voucher does not begin where nobody issues any', async () => {
    const ref = await world.aSubscription({ collection: 'voucher', voucher_method: 'oxxo' });
    expect(await openSubscription(ref)).toMatchObject({ status: 'expired', isOver: true });
    expect((await rowOf(ref))['failure_code']).not.toBeNull();
    expect(await world.eventsOf(ref.subscriptionId)).toEqual(['subscription.created', 'subscription.expired']);
    expect(acme.calls.filter(({ operation }) => operation.startsWith('subscriptions.'))).toEqual([]);
  });
});
