import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginSubscription } from '../../../src/activities/begin-subscription.ts';
import { monthsAfter } from '../../../src/domain/calendar/calendar.ts';
import { CheckoutEntity } from '../../../src/db/entities/checkout.ts';
import { expectDocumented } from '../../support/documented-events.ts';
import { day, hour, judge, minute, startMigrationWorld, type Journey, type MigrationWorld } from './migration-world.ts';
import { running } from './two-sides.ts';

let world: MigrationWorld;
beforeAll(async () => {
  world = await startMigrationWorld();
});
afterAll(() => world?.end());

const nothing = { gaps: 0, overlaps: 0 };

/** Told, opened and paid, with nothing done about it yet. */
async function paid(journey: Journey): Promise<void> {
  await journey.go(journey.now() + day);
  await journey.pays(await journey.opensPage());
}

/** To the end of its way, and a month beyond: who charges then? */
async function toTheEnd(journey: Journey): Promise<string> {
  const state = await journey.go(journey.endMs + 40 * day);
  journey.passTo(journey.endMs + 70 * day);
  return state;
}

describe.each([
  ['once', false],
  ['with every step cut after its commit and done again', true],
])('a customer who acts, %s', (_how, twice) => {
  it('is charged by the old provider up to its end, and by the new one from there', async () => {
    const journey = await world.journey({ twice });
    await paid(journey);
    expect(await toTheEnd(journey)).toBe('done');
    expect(judge(journey)).toEqual(nothing);
    expect(journey.before.calls).toEqual(['cancel period_end']);
    const ends = [monthsAfter(journey.endMs, 1, 'UTC'), journey.endMs];
    expect(journey.after.calls).toEqual(ends.map((at) => `trial ${new Date(at).toISOString()}`));
    expect(journey.before.ledger).toEqual([]);
    expect(await journey.events()).toEqual(['migration.notified', 'migration.moved']);
    expect(await journey.rights()).toEqual(['before charged', 'after charged']);
    expect(await journey.row()).toMatchObject({
      state: 'done',
      new_provider: 'after',
      first_charge_at: expect.anything(),
    });
    await expectDocumented((sql) => world.query(sql), 'migration.%');
  });

  it('who pays in the last call is renewed once more, and then moved', async () => {
    const journey = await world.journey({ twice });
    await journey.go(journey.now() + day);
    journey.passTo(journey.endMs - hour);
    // In time by its page, which was opened before the deadline.
    await journey.pays(await journey.opensPage());
    expect(await toTheEnd(journey)).toBe('done');
    expect(judge(journey)).toEqual(nothing);
    expect(journey.before.ledger).toHaveLength(1);
    expect(await journey.rights()).toEqual(['before charged', 'before charged', 'after charged']);
  });
});

describe('a call whose answer is lost, or that never arrives', () => {
  it.each([
    ['after', 'trial', 'answer_lost'],
    ['after', 'trial', 'call_lost'],
    ['before', 'cancel', 'answer_lost'],
    ['before', 'cancel', 'call_lost'],
  ] as const)('%s: %s %s ends the same', async (side, call, fault) => {
    const journey = await world.journey();
    await paid(journey);
    journey[side].faults.set(call, fault);
    expect(await toTheEnd(journey)).toBe('done');
    expect(judge(journey)).toEqual(nothing);
    expect(await journey.rights()).toEqual(['before charged', 'after charged']);
  });

  it('and an old provider that is away over its own renewal charges once more, and nobody twice', async () => {
    const journey = await world.journey();
    await paid(journey);
    expect(await journey.step()).toMatchObject({ state: 'opened' });
    for (let steps = 0; steps < 6 && (await journey.row())['state'] !== 'canceling'; steps += 1) await journey.step();
    journey.passTo(journey.endMs - 7 * hour);
    journey.before.isAway = true;
    await journey.go(journey.endMs + hour);
    journey.before.isAway = false;
    expect(await toTheEnd(journey)).toBe('done');
    expect(judge(journey)).toEqual(nothing);
    expect(journey.before.ledger).toHaveLength(1);
  });
});

describe('a customer who does not move', () => {
  it('is reminded twice, and stays with the old provider, which goes on charging alone', async () => {
    const journey = await world.journey();
    expect(await toTheEnd(journey)).toBe('kept');
    expect(judge(journey)).toEqual(nothing);
    expect(await journey.events()).toEqual(['migration.notified', 'migration.reminded', 'migration.reminded']);
    expect(journey.before.calls).toEqual([]);
    expect(await journey.rights()).toEqual(['before charged', 'before held']);
  });

  it('but cancels at the old provider by themselves has left', async () => {
    const journey = await world.journey();
    await journey.go(journey.now() + day);
    const [id, truth] = [...journey.before.all][0] ?? [];
    if (id === undefined || truth === undefined) throw new Error('there is one');
    journey.before.all.set(id, { ...truth, cancelAtPeriodEnd: true });
    expect(await toTheEnd(journey)).toBe('left');
    expect(await journey.rights()).toEqual(['before charged']);
    expect([...journey.before.ledger, ...journey.after.ledger]).toEqual([]);
  });

  it('whose checkout ends unpaid may open another', async () => {
    const journey = await world.journey();
    await journey.go(journey.now() + day);
    const first = await journey.opensPage();
    expect(await journey.step()).toMatchObject({ did: 'open', state: 'opened' });
    await world.query(`update checkouts set status = 'expired' where id = ? returning id`, [first]);
    await journey.go(journey.now() + hour);
    expect(await journey.row()).toMatchObject({ state: 'notified' });
    await journey.pays(await journey.opensPage());
    expect(await toTheEnd(journey)).toBe('done');
    expect(judge(journey)).toEqual(nothing);
  });
});

describe('going back', () => {
  it('before the point of no return ends the new one uncharged, and the old one goes on', async () => {
    const journey = await world.journey();
    await paid(journey);
    expect(await journey.go(journey.endMs, { isWithdrawn: true })).toBe('rolled_back');
    journey.passTo(journey.endMs + 40 * day);
    expect(journey.after.ledger).toEqual([]);
    expect(journey.before.calls).toEqual([]);
    expect(judge(journey)).toEqual(nothing);
    expect(await journey.rights()).toEqual(['before charged', 'before held']);
  });

  it('after it is not done: it goes forward', async () => {
    const journey = await world.journey();
    await paid(journey);
    for (let steps = 0; steps < 8 && (await journey.row())['state'] !== 'canceling'; steps += 1) await journey.step();
    expect(await journey.go(journey.endMs + 40 * day, { isWithdrawn: true })).toBe('done');
    expect(judge(journey)).toEqual(nothing);
  });
});

describe('what only a person may decide', () => {
  it('is a page that is paid after the move had ended', async () => {
    const journey = await world.journey();
    const checkoutId = await journey.opensPage();
    expect(await journey.go(journey.now() + hour, { isWithdrawn: true })).toBe('rolled_back');
    const em = world.orm.em.fork();
    const checkout = await em.findOneOrFail(CheckoutEntity, { id: checkoutId });
    const truth = running('late', journey.endMs, true);
    await em.transactional((tx) => beginSubscription(tx, checkout, 'after', truth));
    const reviews = await world.query(`select kind, evidence from review_items where entity_id = ?`, [journey.itemId]);
    expect(reviews).toMatchObject([
      { kind: 'migration_unclear', evidence: { state: 'rolled_back', new_subscription: 'late' } },
    ]);
  });

  it('has one review that names everything, and holds the first charge back meanwhile', async () => {
    const journey = await world.journey({ twice: true });
    await paid(journey);
    for (let steps = 0; steps < 8 && (await journey.row())['state'] !== 'canceling'; steps += 1) await journey.step();
    journey.before.all.clear();
    expect(await journey.go(journey.now() + hour)).toBe('attention');
    const reviews = await world.query(`select * from review_items where entity_id = ?`, [journey.itemId]);
    expect(reviews).toHaveLength(1);
    const [{ evidence } = {}] = reviews;
    expect(evidence).toMatchObject({ code: 'old_missing', first_charge_held_until: expect.any(String) });
    journey.passTo(journey.endMs + day);
    expect(journey.after.ledger).toEqual([]);
  });

  it('is a trial that the new provider does not move: it is revoked', async () => {
    const journey = await world.journey();
    await paid(journey);
    journey.after.faults.set('trial', 'refused');
    expect(await journey.go(journey.now() + hour)).toBe('attention');
    journey.passTo(journey.endMs + 40 * day);
    expect(journey.after.ledger).toEqual([]);
    expect(judge(journey)).toEqual(nothing);
  });

  it('is an old provider that charges after it was cancelled', async () => {
    const journey = await world.journey();
    await paid(journey);
    await journey.go(journey.endMs - hour);
    expect(await journey.row()).toMatchObject({ state: 'watching' });
    for (const [id, truth] of journey.before.all) {
      const again = truth.payments.map((each) => ({ ...each, providerPaymentId: `${each.providerPaymentId}/again` }));
      journey.before.all.set(id, { ...truth, payments: [...truth.payments, ...again] });
    }
    expect(await toTheEnd(journey)).toBe('attention');
    expect(await journey.row()).toMatchObject({ code: 'charged_there_too' });
  });

  it('is a step that fails for good, once', async () => {
    const journey = await world.journey();
    const stop = () =>
      world.activities.stopMigrationItem({
        ...{ projectId: 'p', live: false, itemId: journey.itemId, now: new Date(journey.now() + minute).toISOString() },
        ...{ code: 'internal_error', because: 'it broke' },
      });
    expect([await stop(), await stop()]).toEqual([{ state: 'attention' }, { state: 'attention' }]);
    expect(await world.query(`select id from review_items where entity_id = ?`, [journey.itemId])).toHaveLength(1);
  });
});
