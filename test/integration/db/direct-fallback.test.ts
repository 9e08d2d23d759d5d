import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLookBack } from '../../../src/activities/look-back.ts';
import { createOpenSubscription } from '../../../src/activities/open-subscription.ts';
import { createRefundPayment } from '../../../src/activities/refund-payment.ts';
import type { SettledSubscription } from '../../../src/activities/settled-subscription.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import { reactionTo } from '../../../src/domain/routing/reaction.ts';
import { healthy } from '../../support/healthy.ts';
import { startDirectWorld } from './direct-world.ts';
import { aBank, type Bank, type Fate } from './two-banks.ts';

const price = 2_900;
let world: Awaited<ReturnType<typeof startDirectWorld>>;
let failing = new Set<string>();
let first: Bank;
let second: Bank;
let deeds: ReturnType<typeof deedsOf>;

function deedsOf() {
  const enter: (typeof healthy)['enter'] = async ({ provider }) => (failing.has(provider) ? 'open' : 'go');
  const deps = { ...world.deps, health: { ...healthy, enter } };
  return { open: createOpenSubscription(deps), back: createLookBack(deps), refund: createRefundPayment(deps) };
}

beforeAll(async () => {
  world = await startDirectWorld();
  deeds = deedsOf();
  // Only the clock is ours; the database's connections keep their timers.
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(async () => {
  vi.useRealTimers();
  await world?.end();
});
beforeEach(() => freshBanks());

async function freshBanks(): Promise<void> {
  await world.reset();
  failing = new Set();
  first = aBank('first', Date.now);
  // Nobody is asked to charge while it is not known whether somebody else has.
  second = aBank('second', Date.now, () => {
    for (const call of first.sent.filter(({ isUnclear }) => isUnclear)) {
      expect(call.looks).toBeGreaterThanOrEqual(2);
      expect(Date.now() - call.atMs).toBeGreaterThanOrEqual(18_000);
    }
  });
  world.more.set('first', first.client).set('second', second.client);
}

type Ref = Awaited<ReturnType<typeof world.aSubscription>>;

async function asked(providers: readonly string[] = ['first', 'second']): Promise<Ref> {
  const candidates = [];
  for (const provider of providers) {
    const columns = { provider, status: 'active', provider_payment_method_id: `ppm_${provider}`, is_default: true };
    const { id } = await world.aMethodRow({ ...columns, provider_customer_id: `${provider}_cus` });
    candidates.push({ provider, paymentMethodId: id });
  }
  return world.aSubscription({
    ...{ provider: providers[0], payment_method_id: candidates[0]?.paymentMethodId ?? null },
    ...{ created_at: new Date().toISOString() },
    routing: JSON.stringify({ rule: 'r', policy: 'p', policyVersion: 1, candidates, skipped: [] }),
  });
}

/** As the workflow does it: the same again after the wait that is asked for, until it has begun or never will. */
async function openToTheEnd(ref: Ref): Promise<SettledSubscription> {
  for (;;) {
    const opened = await patiently(() => deeds.open(ref));
    if (opened.opensAt === undefined) return opened;
  }
}

/** What is due by the clock afterwards: looks back, and the refunds they ask for. */
async function followUp(ref: Ref, begun: SettledSubscription): Promise<void> {
  let settled = begun;
  while (settled.next?.kind === 'look_back') {
    vi.setSystemTime(Math.max(Date.now(), Date.parse(settled.next.at)));
    settled = await patiently(() => deeds.back(ref));
    for (const { id } of settled.refunds ?? [])
      await patiently(() => deeds.refund({ projectId: 'p', live: false, refundId: id }));
  }
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 500; tries += 1)
    try {
      return await work();
    } catch (error) {
      const isDeath = error instanceof Error && error.message === 'the worker dies';
      if (!isDeath && !(error instanceof BillingError && error.kind !== 'bug')) throw error;
      vi.setSystemTime(Date.now() + ((error instanceof BillingError && error.retryAfterMs) || 1_000));
    }
  throw new Error('it never comes to an end');
}

const rowOf = (ref: Ref) => world.one('subscriptions', ref.subscriptionId);
const fallbacksOf = (ref: Ref) =>
  world.query(
    'select attempted_provider, fallback_provider, reason from fallbacks where subscription_id = ? order by attempted_provider',
    [ref.subscriptionId],
  );

describe('another provider begins it', () => {
  it.each<[string, string, () => void]>([
    ['unavailable', 'cannot be reached', () => void first.fates.push('unreachable')],
    ['rate_limited', 'asks to slow down', () => void first.fates.push('rate_limited')],
    ['api_error', 'refuses it as it stands', () => void first.fates.push('rejected')],
    ['timeout', 'does not answer, and surely has nothing', () => void first.fates.push('lost')],
    ['unavailable', 'has been failing', () => void failing.add('first')],
    ['not_configured', 'has lost its account', () => void world.missing.add('first')],
    ['unsupported', 'begins none without a page', () => void world.more.set('first', withoutCreate(first))],
  ])('because of %s where the first %s', async (reason, _, happens) => {
    happens();
    const ref = await asked();
    expect(await openToTheEnd(ref)).toMatchObject({ status: 'active', provider: 'second' });
    const step = { attempted_provider: 'first', fallback_provider: 'second', reason };
    expect(await fallbacksOf(ref)).toEqual([step]);
    expect(await rowOf(ref)).toMatchObject({ provider: 'second', provider_customer_id: 'second_cus', fallback: step });
    expect([first.netMinor(), second.netMinor()]).toEqual([0, price]);
    const audit = await world.query(
      `select before, after from audit_log where action = 'subscription.fell_back' and entity_id = ?`,
      [ref.subscriptionId],
    );
    expect(audit).toEqual([{ before: { provider: 'first' }, after: { provider: 'second' } }]);
  });

  it('with the method stored there, and its events tell who was asked before', async () => {
    first.fates.push('unreachable');
    const ref = await asked();
    await openToTheEnd(ref);
    const [method] = await world.query<{ id: string }>(`select id from payment_methods where provider = 'second'`);
    expect(await rowOf(ref)).toMatchObject({ payment_method_id: method?.id });
    const told = await world.query<{ type: string; data: Record<string, unknown> }>(
      'select type, data from outbound_events where object_id = ? order by sequence',
      [ref.subscriptionId],
    );
    expect(told.map(({ type }) => type).filter((type) => type === 'subscription.created')).toHaveLength(1);
    expect(told.at(-1)?.data).toMatchObject({
      provider: 'second',
      fallback: { attempted_provider: 'first', fallback_provider: 'second', reason: 'unavailable' },
    });
  });

  it('is asked on its own queue: one provider per call', async () => {
    first.fates.push('unreachable');
    const ref = await asked();
    expect(await deeds.open(ref)).toMatchObject({ status: 'incomplete', opensAt: 'second', provider: 'second' });
    expect(second.sent).toHaveLength(0);
    expect(await deeds.open(ref)).toMatchObject({ status: 'active' });
  });
});

function withoutCreate({ client }: Bank): Bank['client'] {
  const { subscriptions: _, ...less } = client;
  return less;
}

describe('nobody else is asked', () => {
  it.each<[string, Fate[], string]>([
    ['after a decline, which is an answer', ['declined'], 'expired'],
    ['while the customer is waited for', ['waits'], 'incomplete'],
    ['when a lost answer turns out to be a beginning', ['lost_done'], 'active'],
    ['when the work arrives late', ['late'], 'active'],
    ['when the worker died after the call', ['crash_done'], 'active'],
  ])('%s', async (_, fates, status) => {
    first.fates.push(...fates);
    const ref = await asked();
    expect(await openToTheEnd(ref)).toMatchObject({ status });
    expect(second.sent).toEqual([]);
    expect(await fallbacksOf(ref)).toEqual([]);
    expect(await rowOf(ref)).toMatchObject({ provider: 'first', fallback: null });
  });

  it('where the error map says that nobody can mend it', async () => {
    const map = {
      repeatsByKey: true,
      errors: [{ code: 'provider_rejected', reaction: 'stop', because: 'such an address', source: 'a test' }] as const,
    };
    const fault = { kind: 'invalid', code: 'provider_rejected', providerCode: null, status: 400, param: null } as const;
    const providers = { ...world.deps.providers, reactionTo: () => reactionTo(map, fault) };
    first.fates.push('rejected');
    const ref = await asked();
    expect(await createOpenSubscription({ ...world.deps, providers })(ref)).toMatchObject({ status: 'expired' });
    expect(second.sent).toEqual([]);
    expect(await fallbacksOf(ref)).toEqual([]);
  });

  it('where nobody else may be: the same provider is asked again, and in the end it never begins', async () => {
    first.fates.push('unreachable', 'unreachable');
    const ref = await asked(['first']);
    expect(await openToTheEnd(ref)).toMatchObject({ status: 'active' });
    expect(first.sent).toHaveLength(3);
    first.fates.push('rejected');
    await world.query("update subscriptions set status = 'canceled'");
    await world.query('delete from payment_methods');
    const refused = await asked(['first']);
    expect(await openToTheEnd(refused)).toMatchObject({ status: 'expired' });
    expect(await fallbacksOf(refused)).toEqual([]);
  });

  it('after the last one refuses: nobody is left, and that is on record', async () => {
    first.fates.push('rejected');
    second.fates.push('rejected');
    const ref = await asked();
    expect(await openToTheEnd(ref)).toMatchObject({ status: 'expired', isOver: true });
    expect(await fallbacksOf(ref)).toEqual([
      { attempted_provider: 'first', fallback_provider: 'second', reason: 'api_error' },
      { attempted_provider: 'second', fallback_provider: null, reason: 'api_error' },
    ]);
    expect(await rowOf(ref)).toMatchObject({
      failure_code: 'provider_rejected',
      fallback: { attempted_provider: 'first', fallback_provider: null, reason: 'api_error' },
    });
  });
});

describe('what the first provider has after all', () => {
  const reviews = () => world.query('select kind, provider, status from review_items');

  it('stays, and the later one is ended and paid back, and a person is told', async () => {
    first.fates.push('too_late');
    const ref = await asked();
    const begun = await openToTheEnd(ref);
    expect(begun).toMatchObject({ status: 'active', provider: 'second', left: 'first' });
    await followUp(ref, begun);
    expect([first.live().length, second.live().length]).toEqual([1, 0]);
    expect([first.netMinor(), second.netMinor()]).toEqual([price, 0]);
    expect(await rowOf(ref)).toMatchObject({ provider: 'first', status: 'active', opening: null, fallback: null });
    expect(await reviews()).toEqual([{ kind: 'charged_twice', provider: 'second', status: 'open' }]);
    const refunds = await world.query('select provider, status, reason, amount_minor from refunds');
    expect(refunds).toMatchObject([{ provider: 'second', status: 'succeeded', reason: 'duplicate' }]);
    const paid = await world.query('select provider, refunded_minor from payments order by provider');
    expect(paid.map((each) => ({ ...each, refunded_minor: Number(each['refunded_minor']) }))).toEqual([
      { provider: 'first', refunded_minor: 0 },
      { provider: 'second', refunded_minor: price },
    ]);
  });

  it('goes, where the subscription is over by then', async () => {
    first.fates.push('too_late');
    second.fates.push('declined');
    const ref = await asked();
    const begun = await openToTheEnd(ref);
    // Its workflow lives on until nothing can be left anywhere.
    expect(begun).toMatchObject({ status: 'expired', isOver: false });
    await followUp(ref, begun);
    expect([first.live(), second.live()]).toEqual([[], []]);
    expect([first.netMinor(), second.netMinor()]).toEqual([0, 0]);
    expect(await rowOf(ref)).toMatchObject({ status: 'expired', failure_code: 'payment_declined', opening: null });
    expect(await reviews()).toEqual([{ kind: 'charged_twice', provider: 'first', status: 'open' }]);
  });

  it('goes, where something was asked of the second one since', async () => {
    first.fates.push('too_late');
    const ref = await asked();
    const begun = await openToTheEnd(ref);
    await world.query(
      `insert into subscription_changes (id, organization_id, subscription_id, kind, status, timing, actor, project_id, live)
       values ('chg_1', 'org_1', ?, 'cancel', 'scheduled', 'period_end', 'key_1', 'p', false)`,
      [ref.subscriptionId],
    );
    await followUp(ref, begun);
    expect([first.netMinor(), second.netMinor()]).toEqual([0, price]);
    expect(await rowOf(ref)).toMatchObject({ provider: 'second', status: 'active' });
  });

  it('is not what another entity of ours has there', async () => {
    first.fates.push('too_late');
    const ref = await asked();
    const begun = await openToTheEnd(ref);
    await world.query(
      `insert into provider_objects (project_id, live, provider, entity_kind, entity_id, kind, provider_object_id)
       values ('p', false, 'first', 'subscription', 'sub_another', 'subscription', 'first_1')`,
    );
    await followUp(ref, begun);
    expect([first.live().length, second.live().length]).toEqual([1, 1]);
    expect(await rowOf(ref)).toMatchObject({ provider: 'second', opening: null });
    expect(await reviews()).toEqual([]);
  });

  it('is looked for three times within half an hour, then no more', async () => {
    first.fates.push('lost');
    const ref = await asked();
    const begun = await openToTheEnd(ref);
    const from = Date.now();
    await followUp(ref, begun);
    expect(await rowOf(ref)).toMatchObject({ provider: 'second', opening: null });
    expect(Date.now() - from).toBe(1_800_000);
  });
});

describe('whatever happens at two providers', () => {
  const fate = fc.constantFrom<Fate>(
    ...(['done', 'declined', 'rejected', 'unreachable', 'rate_limited', 'lost'] as const),
    ...(['lost_done', 'late', 'too_late', 'crash', 'crash_done'] as const),
  );
  const deaf = fc.array(fc.constantFrom('before' as const, 'after' as const), { maxLength: 2 });

  it('at most one lives, and is charged once; where none does, nobody has the money', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 4 }),
        fc.array(fate, { maxLength: 4 }),
        deaf,
        async (ones, twos, dies) => {
          await freshBanks();
          first.fates.push(...ones);
          second.fates.push(...twos);
          for (const bank of [first, second]) bank.deaf.push(...dies);
          const ref = await asked();
          await followUp(ref, await openToTheEnd(ref));
          const { status, opening } = await rowOf(ref);
          const live = [...first.live(), ...second.live()];
          const net = first.netMinor() + second.netMinor();
          expect({ status, live: live.length, net, opening }).toEqual(
            status === 'active'
              ? { status: 'active', live: 1, net: price, opening: null }
              : { status: 'expired', live: 0, net: 0, opening: null },
          );
        },
      ),
      { numRuns: Number(process.env['FALLBACK_RUNS'] ?? 25) },
    );
  }, 180_000);
});
