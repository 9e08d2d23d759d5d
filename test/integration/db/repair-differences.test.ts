import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBeginReconciliation, createPauseReconciliation } from '../../../src/activities/begin-reconciliation.ts';
import { createFindLostWorkflows, createNoteRestarted } from '../../../src/activities/find-lost-workflows.ts';
import { createFinishReconciliation } from '../../../src/activities/finish-reconciliation.ts';
import { readMoneyBack } from '../../../src/activities/read-money-back.ts';
import { recordMoneyBack, recordPayment } from '../../../src/activities/record-money.ts';
import { createRepairDifferences } from '../../../src/activities/repair-differences.ts';
import { createRequestReconciliations } from '../../../src/activities/request-reconciliations.ts';
import type { FindStillDifferent } from '../../../src/activities/still-different.ts';
import { newId } from '../../../src/db/new-id.ts';
import { countOpenDifferences, measureDrift } from '../../../src/db/queries/reconciliation-drift.ts';
import { requestRun } from '../../../src/db/queries/reconciliations.ts';
import { differenceKinds, type DifferenceKind } from '../../../src/domain/reconciliation/difference.ts';
import { aClient, aPayment, aRefundTruth, openMoneyWorld, type MoneyWorld } from './money-support.ts';

let world: MoneyWorld;
beforeAll(async () => {
  world = await openMoneyWorld();
});
afterAll(() => world?.close());
beforeEach(() => endAll());

const scope = { projectId: 'p', live: false };
const window = { from: new Date('2026-11-20T00:00:00Z'), to: new Date('2026-11-21T00:00:00Z') };
const endAll = () =>
  world.query(`update reconciliation_runs set status = 'canceled' where status in ('requested', 'running')`);
const deps = () => world.deps(aClient({}));

async function aRun(changes: { readonly phase?: string } = {}) {
  const request = {
    ...scope,
    ...window,
    id: newId('rec'),
    provider: 'merchant',
    cause: 'request',
    actor: 'key_1',
  } as const;
  const { run } = await requestRun(world.orm.em.fork(), request);
  const ref = { ...scope, runId: run.id };
  await createBeginReconciliation(deps())(ref);
  await world.query('update reconciliation_runs set phase = ? where id = ?', [changes.phase ?? 'repair', run.id]);
  return ref;
}

async function aDifference(
  runId: string,
  kind: DifferenceKind,
  entity: { readonly kind: string; readonly id: string } | null,
): Promise<string> {
  const id = newId('dif');
  await world.query(
    `insert into reconciliation_differences (id, run_id, provider, kind, object_kind, object_id, entity_kind, entity_id,
       organization_id, ours, theirs, status, project_id, live)
     values (?, ?, 'merchant', ?, 'charge', ?, ?, ?, 'org_1', '{"amount_minor": 1}', '{"amount_minor": 2}', 'found', 'p', false)`,
    [id, runId, kind, `ch_${id}`, entity?.kind ?? null, entity?.id ?? null],
  );
  return id;
}

const rowOf = async (table: string, id: string) => (await world.query(`select * from ${table} where id = ?`, [id]))[0];
const different: FindStillDifferent = async (_run, rows) => new Set(rows.map(({ id }) => id));
const agreed: FindStillDifferent = async () => new Set();
const repair = (isStill = different) => createRepairDifferences(deps(), isStill);
const first = { looks: 0, cursor: null };

describe('repairing', () => {
  it.each(['missing_here', 'state', 'period'] as const)(
    'has the checkout look at a %s, and asks nobody yet',
    async (kind) => {
      const ref = await aRun();
      const checkoutId = await world.aCheckout({ status: 'paid' });
      const id = await aDifference(ref.runId, kind, { kind: 'checkout', id: checkoutId });
      expect(await repair()({ ...ref, ...first })).toMatchObject({
        ...{ cursor: null, repaired: 0, queued: 0 },
        nudges: [
          {
            fact: { id: `${id}/0`, objectId: `ch_${id}` },
            target: { kind: 'checkout', id: checkoutId },
            mustRun: null,
          },
        ],
      });
      expect(await rowOf('reconciliation_differences', id)).toMatchObject({ status: 'found', review_id: null });
    },
  );

  it.each(['amount', 'customer', 'missing_there', 'duplicate_charge', 'orphan_charge'] as const)(
    'never decides a %s: a person does, with both sides before them',
    async (kind) => {
      const ref = await aRun();
      const checkoutId = await world.aCheckout();
      const id = await aDifference(ref.runId, kind, { kind: 'checkout', id: checkoutId });
      expect(await repair()({ ...ref, ...first })).toMatchObject({ queued: 1, nudges: [] });
      const row = await rowOf('reconciliation_differences', id);
      expect(row).toMatchObject({ status: 'queued' });
      expect(await rowOf('review_items', String(row?.['review_id']))).toMatchObject({
        ...{ status: 'open', provider: 'merchant', entity_kind: 'checkout', entity_id: checkoutId },
        evidence: {
          ...{
            kind,
            run_id: ref.runId,
            checkout_id: checkoutId,
            ours: { amount_minor: 1 },
            theirs: { amount_minor: 2 },
          },
          object: { kind: 'charge', id: `ch_${id}` },
        },
      });
    },
  );

  it('calls mended what agrees when it is looked at again, of whatever kind', async () => {
    const ref = await aRun();
    for (const kind of differenceKinds) await aDifference(ref.runId, kind, null);
    expect(await repair(agreed)({ ...ref, ...first })).toEqual({ cursor: null, repaired: 8, queued: 0, nudges: [] });
  });

  it('asks a person after the last look that mended nothing', async () => {
    const ref = await aRun();
    const id = await aDifference(ref.runId, 'state', { kind: 'checkout', id: await world.aCheckout() });
    expect(await repair()({ ...ref, looks: 3, cursor: null })).toMatchObject({ queued: 0, nudges: [{}] });
    expect(await repair()({ ...ref, looks: 4, cursor: null })).toMatchObject({ queued: 1, nudges: [] });
    expect(await rowOf('reconciliation_differences', id)).toMatchObject({ why: 'a person decides after 4 looks' });
  });

  it('asks once about the same thing, in however many runs it is found', async () => {
    const one = await aRun();
    await endAll();
    const two = await aRun();
    const id = await aDifference(one.runId, 'amount', null);
    const again = await aDifference(two.runId, 'amount', null);
    await world.query('update reconciliation_differences set object_id = ? where id = ?', [`ch_${id}`, again]);
    await repair()({ ...one, ...first });
    await repair()({ ...two, ...first });
    const [a, b] = [await rowOf('reconciliation_differences', id), await rowOf('reconciliation_differences', again)];
    expect(a?.['review_id']).toBe(b?.['review_id']);
  });

  it('finds the sale behind a payment of ours, and asks its subscription and its checkout in turn', async () => {
    const ref = await aRun();
    const checkoutId = await world.aCheckout({ mode: 'subscription', status: 'paid' });
    const subscriptionId = newId('sub');
    await world.query(
      `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, checkout_id, status,
         billing_interval, quantity, provider, amount_minor, currency)
       values (?, 'p', false, 'org_1', 'plan_pro', 'price_pro', ?, 'active', 'monthly', 1, 'merchant', 2900, 'USD')`,
      [subscriptionId, checkoutId],
    );
    const owner = { ...scope, organizationId: 'org_1', provider: 'merchant', checkoutId, subscriptionId };
    const payment = await world.orm.em.fork().transactional((tx) => recordPayment(tx, owner, aPayment(), null, null));
    await aDifference(ref.runId, 'state', { kind: 'payment', id: payment.id });
    const at = async (looks: number) => (await repair()({ ...ref, looks, cursor: null })).nudges[0];
    expect(await at(0)).toMatchObject({
      ...{ target: { kind: 'subscription', id: subscriptionId } },
      mustRun: { kind: 'subscription', row: { id: subscriptionId, isDirect: false } },
    });
    expect(await at(1)).toMatchObject({ target: { kind: 'checkout', id: checkoutId }, mustRun: null });
  });

  it('asks a person at once where nothing of ours is behind it', async () => {
    const ref = await aRun();
    await aDifference(ref.runId, 'missing_here', null);
    expect(await repair()({ ...ref, ...first })).toMatchObject({ queued: 1, nudges: [] });
  });

  it('goes through many, twenty at a time, and each once', async () => {
    const ref = await aRun();
    for (let made = 0; made < 23; made += 1) await aDifference(ref.runId, 'amount', null);
    const one = await repair()({ ...ref, ...first });
    expect(one).toMatchObject({ queued: 20 });
    expect(await repair()({ ...ref, looks: 0, cursor: one.cursor })).toMatchObject({ queued: 3, cursor: null });
    expect(await repair()({ ...ref, ...first })).toMatchObject({ queued: 0 });
  });
});

describe('a refund that is missing here', () => {
  it('is read again though the payment’s own sum tells of it already', async () => {
    const checkoutId = await world.aCheckout({ status: 'paid' });
    const owner = { ...scope, organizationId: 'org_1', provider: 'merchant', checkoutId, subscriptionId: null };
    const truth = aPayment({ refundedMinor: 1_000 });
    const payment = await world.orm.em.fork().transactional((tx) => recordPayment(tx, owner, truth, null, null));
    const { providerPaymentId } = truth;
    const told = aRefundTruth({ providerPaymentId, amount: { amountMinor: 1_000, currency: 'USD' } });
    let asked = 0;
    const list = async () => ((asked += 1), [told]);
    const client = aClient({ refunds: { create: () => Promise.reject(new Error('never')), list } });
    const read = () => readMoneyBack(world.orm.em.fork(), client, owner, [truth], []);
    expect(await read()).toEqual({ refunds: [told], disputes: [] });
    await world.orm.em.fork().transactional((tx) => recordMoneyBack(tx, owner, { refunds: [told], disputes: [] }));
    const rows = await world.query('select status, amount_minor from refunds where payment_id = ?', [payment.id]);
    expect(rows).toEqual([{ status: 'succeeded', amount_minor: expect.anything() }]);
    expect(await read()).toEqual({ refunds: [], disputes: [] });
    expect(asked).toBe(1);
  });
});

describe('lost workflows', () => {
  it('are those of living rows that the engine does not list, kind after kind', async () => {
    const ref = await aRun({ phase: 'workflows' });
    const [runs, lost, young, over] = [
      ...[await world.aCheckout(), await world.aCheckout({ status: 'pending' })],
      ...[await world.aCheckout(), await world.aCheckout({ status: 'expired' })],
    ];
    await world.query(`update checkouts set created_at = now() - interval '1 minute' where id <> ?`, [young]);
    const found: string[] = [];
    const find = createFindLostWorkflows(deps(), async () => new Set([`checkout/${runs}`]));
    for (let cursor: string | null = null; ;) {
      const page = await find({ ...ref, cursor });
      found.push(...page.lost.map(({ kind, row }) => `${kind} ${row.id}`));
      await createNoteRestarted(deps())({
        ...ref,
        cursor: page.cursor,
        restarted: page.lost.map(({ kind, row }) => ({ kind, id: row.id })),
      });
      cursor = page.cursor;
      if (cursor === null) break;
    }
    expect(found).toContain(`checkout ${lost}`);
    for (const id of [runs, young, over]) expect(found).not.toContain(`checkout ${id}`);
    expect(await rowOf('reconciliation_runs', ref.runId)).toMatchObject({
      phase: 'repair',
      cursor: null,
      restarted: found.length,
    });
    const audited = await world.query(`select entity_id from audit_log where action = 'checkout.workflow_restarted'`);
    expect(audited).toContainEqual({ entity_id: lost });
  });
});

describe('a run', () => {
  it('is one per account at a time; a repeat is answered the same', async () => {
    const request = {
      ...scope,
      ...window,
      id: newId('rec'),
      provider: 'merchant',
      cause: 'request',
      actor: 'key_1',
    } as const;
    const em = () => world.orm.em.fork();
    expect(await requestRun(em(), request)).toMatchObject({
      isNew: true,
      run: { status: 'requested', phase: 'theirs' },
    });
    expect(await requestRun(em(), request)).toMatchObject({ isNew: true, run: { id: request.id } });
    expect(await requestRun(em(), { ...request, id: newId('rec') })).toMatchObject({
      isNew: false,
      run: { id: request.id },
    });
    expect(await requestRun(em(), { ...request, id: newId('rec'), provider: 'world' })).toMatchObject({ isNew: true });
    const audited = await world.query(`select id from audit_log where entity_id = ?`, [request.id]);
    expect(audited).toHaveLength(1);
  });

  it('is held, goes on and ends in its row, and stays as it ended', async () => {
    const ref = await aRun();
    await createPauseReconciliation(deps())({ ...ref, isPaused: true });
    expect(await rowOf('reconciliation_runs', ref.runId)).toMatchObject({
      status: 'running',
      paused_at: expect.any(String),
    });
    const finish = createFinishReconciliation(deps());
    const failure = { code: 'provider_timeout', message: 'no answer' };
    expect(await finish({ ...ref, status: 'failed', failure })).toEqual({ status: 'failed' });
    expect(await finish({ ...ref, status: 'succeeded', failure: null })).toEqual({ status: 'failed' });
    expect(await rowOf('reconciliation_runs', ref.runId)).toMatchObject({
      ...{ status: 'failed', phase: 'repair', failure_code: 'provider_timeout', paused_at: null },
    });
    expect(await createBeginReconciliation(deps())(ref)).toMatchObject({ status: 'failed' });
  });

  it('is begun by schedule where an account can tell what changed, from where the last good one ended', async () => {
    const list = () => Promise.reject(new Error('nobody asks yet'));
    const able = { ...deps(), ...world.deps(aClient({ changes: { horizonMs: 86_400_000 * 30, list, charge: list } })) };
    await world.query(`update reconciliation_runs set status = 'canceled'`);
    const good = await aRun();
    await createFinishReconciliation(deps())({ ...good, status: 'succeeded', failure: null });
    const request = createRequestReconciliations(able);
    const { runs } = await request({ provider: 'merchant' });
    const own = runs.find(({ live }) => !live);
    const row = await rowOf('reconciliation_runs', own?.id ?? '');
    expect(new Date(String(row?.['from_at']))).toEqual(window.to);
    expect(row).toMatchObject({ cause: 'schedule', actor: 'schedule:reconciliation/merchant' });
    expect(await request({ provider: 'merchant' })).toEqual({ runs: [] });
    expect(await createRequestReconciliations(deps())({ provider: 'world' })).toEqual({ runs: [] });
  });
});

describe('drift', () => {
  it('is the share of compared objects that agreed, over the last run, a week and a month', async () => {
    await world.query('delete from reconciliation_differences');
    await world.query('delete from reconciliation_runs');
    const finish = createFinishReconciliation(deps());
    for (const [compared, differing, age] of [
      [1_000, 10, '20 days'],
      [500, 5, '2 days'],
      [100, 0, '0 days'],
    ] as const) {
      const ref = await aRun();
      for (let made = 0; made < differing; made += 1) await aDifference(ref.runId, 'amount', null);
      await repair()({ ...ref, ...first });
      await finish({ ...ref, status: 'succeeded', failure: null });
      await world.query(`update reconciliation_runs set compared = ?, finished_at = now() - ?::interval where id = ?`, [
        compared,
        age,
        ref.runId,
      ]);
    }
    expect(await measureDrift(world.orm.em.fork(), scope)).toMatchObject([
      {
        ...{ provider: 'merchant', last: { compared: 100, differing: 0 } },
        ...{ week: { compared: 600, differing: 5 }, month: { compared: 1_600, differing: 15 } },
      },
    ]);
    expect(await measureDrift(world.orm.em.fork(), { projectId: 'p', live: true })).toEqual([]);
    expect(await measureDrift(world.orm.em.fork(), null)).toHaveLength(1);
    const open = await countOpenDifferences(world.orm.em.fork(), scope);
    expect(open).toEqual([{ ...scope, provider: 'merchant', kind: 'amount', count: 15 }]);
    await world.query(`update review_items set status = 'resolved' where kind = 'books_differ'`);
    expect(await countOpenDifferences(world.orm.em.fork(), scope)).toEqual([]);
  });
});
