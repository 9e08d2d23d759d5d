import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLookAtRollout } from '../../../src/activities/look-at-rollout.ts';
import { createSteerRollout } from '../../../src/activities/steer-rollout.ts';
import { newId } from '../../../src/db/new-id.ts';
import { measureArms, measureRecent } from '../../../src/db/queries/rollout-figures.ts';
import { findRollout, findUnwatchedRollouts } from '../../../src/db/queries/rollouts.ts';
import { defaultRolloutSettings } from '../../../src/domain/rollout/defaults.ts';
import type { Arm, RolloutSettings } from '../../../src/domain/rollout/rollout.ts';
import { expectDocumented } from '../../support/documented-events.ts';
import { aClient, openMoneyWorld } from './money-support.ts';

let world: Awaited<ReturnType<typeof openMoneyWorld>>;
beforeAll(async () => {
  world = await openMoneyWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  await world.query(`update rollouts set superseded_at = now(), status = 'rolled_back' where superseded_at is null`);
  await world.query('delete from provider_health');
});

const scope = { projectId: 'p', live: false };
const look = (rolloutId: string) => createLookAtRollout(world.deps(aClient({})))({ ...scope, rolloutId });
const steer = (rolloutId: string, act: Parameters<ReturnType<typeof createSteerRollout>>[0]['act']) =>
  createSteerRollout(world.deps(aClient({})))({ ...scope, rolloutId, act, actor: 'key_1' });
const looks = (id: string) =>
  world.query('select stage, decision, actor from rollout_looks where rollout_id = ? order by id', [id]);

async function aRollout(settings: Partial<RolloutSettings> = {}): Promise<string> {
  const id = newId('ro');
  await world.query(
    `insert into rollouts (id, name, from_provider, to_provider, settings, status, stage_started_at, why, actor, project_id,
       live, created_at)
     values (?, 'leave', 'local', 'merchant', ?, 'running', now() - interval '2 days', 'begun', 'key_1', 'p', false,
       now() - interval '2 days')`,
    [id, JSON.stringify({ ...defaultRolloutSettings, stages: percents, ...settings })],
  );
  await aWebhook();
  return id;
}
/** About something else: the new provider's route works. */
const aWebhook = () =>
  world.query(
    `insert into provider_events (id, provider, event_id, type, object_kind, object_id, status, project_id, live)
     values (?, 'merchant', ?, 'paid', 'checkout', 'other', 'noted', 'p', false)`,
    [newId('evt'), newId('evt')],
  );
const percents: RolloutSettings['stages'] = [50, 100].map((percent) => ({ kind: 'percent', percent }));

/** Customers of an arm with one checkout each, all of them with the same end. */
async function sell(
  rolloutId: string,
  arm: Arm,
  count: number,
  sold: { readonly status: string; readonly provider?: string | null; readonly age?: string },
): Promise<void> {
  const own = arm === 'control' ? 'local' : 'merchant';
  const { status, provider = own, age = '30 minutes' } = sold;
  const prefix = newId('act');
  await world.query(
    `with buyer as (select ? || n as id from generate_series(1, ?::integer) n),
     organization as (
       insert into organizations (project_id, live, id) select 'p', false, left(id, 64) from buyer returning id),
     checkout as (
       insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url, routing,
         status, quantity, plan_id, price_id, provider, provider_checkout_id, checkout_url, amount_minor, currency,
         created_at, updated_at, expires_at)
       select 'chk_' || id, 'p', false, id, 'payment', 'none', 'https://s', 'https://c', ?::jsonb, ?, 1, 'plan_kit',
         'price_kit', ?, 'prov_' || id, 'https://pay.example', 4900, 'USD', now() - ?::interval, now(), now() + interval '1 day' from organization)
     insert into rollout_assignments (rollout_id, organization_id, arm, bucket, stage, checkout_id, project_id, live, created_at)
     select ?, id, ?, 0, 0, 'chk_' || id, 'p', false, now() - ?::interval from organization`,
    [
      ...[prefix, count, JSON.stringify({ rollout: { id: rolloutId, arm, rolled_back: false }, skipped: [] })],
      ...[status, provider, age, rolloutId, arm, age],
    ],
  );
}

describe('a look', () => {
  it('goes on where both arms serve alike, tells the app once, and keeps why', async () => {
    const id = await aRollout({ minSamples: 50, margin: 0.2 });
    for (const arm of ['control', 'treatment'] as const) {
      await sell(id, arm, 360, { status: 'paid', age: '30 hours' });
      await sell(id, arm, 40, { status: 'expired', age: '30 hours' });
    }
    expect(await look(id)).toMatchObject({ status: 'running', stage: 1, look: { decision: 'advance' } });
    // Its time in the new stage has only begun.
    expect(await look(id)).toMatchObject({ status: 'running', stage: 1, look: { decision: 'hold' } });
    expect(await looks(id)).toEqual([{ stage: 0, decision: 'advance', actor: null }]);
    expect(await world.events(id)).toEqual(['rollout.changed']);
    await expectDocumented(world.query, 'rollout.%');
    const audited = await world.query('select action, detail from audit_log where entity_id = ?', [id]);
    expect(audited).toMatchObject([{ action: 'rollout.stage_changed' }]);
  });

  it('holds as long as outcomes are not known, and says what is missing', async () => {
    const id = await aRollout();
    for (const arm of ['control', 'treatment'] as const) await sell(id, arm, 100, { status: 'open' });
    const seen = await look(id);
    expect(seen).toMatchObject({
      status: 'running',
      stage: 0,
      look: { decision: 'hold', treatment: { unknown: 100 } },
    });
    expect(seen.look?.missing.length).toBeGreaterThan(0);
    expect(await look(id)).toMatchObject({ look: { decision: 'hold' } });
    expect(await looks(id)).toHaveLength(1);
  });

  it('goes back where the treatment arm plainly serves fewer', async () => {
    const id = await aRollout();
    const age = '30 hours';
    await sell(id, 'control', 270, { status: 'paid', age });
    await sell(id, 'control', 30, { status: 'expired', age });
    await sell(id, 'treatment', 180, { status: 'paid', age });
    await sell(id, 'treatment', 120, { status: 'expired', age });
    expect(await look(id)).toMatchObject({ status: 'rolled_back', look: { decision: 'roll_back' } });
    expect(await look(id)).toMatchObject({ status: 'rolled_back', look: null });
    expect(await looks(id)).toEqual([{ stage: 0, decision: 'roll_back', actor: null }]);
  });

  it('does not believe failures of today, of which one arm may tell sooner; of short stages it does', async () => {
    const age = '20 hours';
    for (const [stageMinutes, status] of [
      [1_440, 'running'],
      [60, 'rolled_back'],
    ] as const) {
      const id = await aRollout({ stageMinutes });
      await sell(id, 'control', 300, { status: 'paid', age });
      await sell(id, 'treatment', 300, { status: 'expired', age });
      expect(await look(id)).toMatchObject({ status, look: { treatment: { failed: 300 } } });
      await world.query(`update rollouts set superseded_at = now(), status = 'rolled_back' where id = ?`, [id]);
    }
  });

  it('goes back at once where the new provider does not serve its openings', async () => {
    const id = await aRollout();
    await sell(id, 'control', 20, { status: 'open' });
    await sell(id, 'treatment', 20, { status: 'open', provider: 'local' });
    expect(await look(id)).toMatchObject({ status: 'rolled_back', look: { treatment: { openingErrors: 20 } } });
  });

  it('goes back at once where the new provider’s breaker stays open', async () => {
    const id = await aRollout();
    await world.query(
      `insert into provider_health (project_id, live, provider, state, opened_at)
       values ('p', false, 'merchant', 'open', now() - interval '11 minutes')`,
    );
    expect(await look(id)).toMatchObject({ status: 'rolled_back' });
  });

  it('goes back at once where checkouts are paid and no webhook comes for half an hour', async () => {
    const id = await aRollout();
    await sell(id, 'treatment', 5, { status: 'paid' });
    expect(await look(id)).toMatchObject({ status: 'running' });
    await world.query(`update provider_events set created_at = created_at - interval '31 minutes'`);
    expect(await look(id)).toMatchObject({ status: 'rolled_back' });
  });

  it('only looks while it is held', async () => {
    const id = await aRollout();
    await steer(id, { kind: 'pause' });
    await sell(id, 'treatment', 20, { status: 'open', provider: 'local' });
    expect(await look(id)).toMatchObject({ status: 'paused', look: { decision: 'roll_back' } });
    expect(await steer(id, { kind: 'resume' })).toMatchObject({ status: 'running' });
    expect(await look(id)).toMatchObject({ status: 'rolled_back' });
  });
});

describe('an operator’s wish', () => {
  it('is carried out once however often its activity runs, with what both arms showed', async () => {
    const id = await aRollout();
    await sell(id, 'treatment', 3, { status: 'paid' });
    for (let runs = 0; runs < 2; runs += 1)
      expect(await steer(id, { kind: 'promote', from: 0 })).toMatchObject({ status: 'running', stage: 1 });
    expect(await looks(id)).toEqual([{ stage: 0, decision: 'advance', actor: 'key_1' }]);
    expect(await steer(id, { kind: 'rollback' })).toMatchObject({ status: 'rolled_back', stage: 1 });
    expect(await steer(id, { kind: 'promote', from: 1 })).toMatchObject({ status: 'rolled_back', stage: 1 });
    expect(await world.events(id)).toEqual(['rollout.changed', 'rollout.changed']);
  });
});

describe('webhooks', () => {
  it('are late by the time between the provider’s payment and the first that tells of it', async () => {
    const id = await aRollout();
    await sell(id, 'treatment', 30, { status: 'paid' });
    const row = await findRollout(world.orm.em.fork(), scope, id);
    if (row === null) throw new Error('it was written');
    await world.query(
      `insert into payments (id, checkout_id, provider, provider_payment_id, status, amount_minor, currency, project_id, live,
         organization_id, paid_at)
       select 'pay_' || checkout_id, checkout_id, 'merchant', checkout_id, 'succeeded', 4900, 'USD', 'p', false,
         organization_id, now() - interval '10 minutes' from rollout_assignments where rollout_id = ?`,
      [id],
    );
    const hear = (delay: string) =>
      world.query(
        `insert into provider_events (id, provider, event_id, type, object_kind, object_id, status, delivered_to, project_id,
           live, created_at)
         select 'evt_' || checkout_id || ?, 'merchant', checkout_id || ?, 'paid', 'checkout', checkout_id, 'delivered',
           'checkout/' || checkout_id, 'p', false, now() - interval '10 minutes' + ?::interval
         from rollout_assignments where rollout_id = ?`,
        [delay, delay, delay, id],
      );
    await hear('-5 seconds'); // of the page, before the payment
    await hear('400 seconds');
    await hear('500 seconds');
    const arms = await measureArms(world.orm.em.fork(), row, new Date());
    expect(arms.treatment.webhookDelayMs).toMatchObject({ count: 30 });
    expect(Math.round((arms.treatment.webhookDelayMs?.p95 ?? 0) / 1_000)).toBe(400);
    const recent = await measureRecent(world.orm.em.fork(), row, new Date());
    expect(recent).toMatchObject({ webhookDelayMs: { count: 30 }, breakerOpenMinutes: null });
    expect(await look(id)).toMatchObject({ status: 'rolled_back' });
  });
});

describe('the sweep', () => {
  it('finds those that nobody looks at, new or old', async () => {
    const begun = await aRollout();
    const find = async () => {
      const times = { beganBefore: new Date(Date.now() - 15_000), seenBefore: new Date(Date.now() - 900_000) };
      return (await findUnwatchedRollouts(world.orm.em.fork(), times)).map(({ id }) => id);
    };
    expect(await find()).toEqual([begun]);
    await look(begun);
    expect(await find()).toEqual([]);
    await world.query(`update rollouts set updated_at = now() - interval '16 minutes' where id = ?`, [begun]);
    expect(await find()).toEqual([begun]);
  });
});
