import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countReport, retryRejected } from '../../../src/db/queries/usage-reports.ts';
import { hourOf } from '../../../src/domain/usage/meter.ts';
import { openUsageWorld, report, scope, sendAll, twice, type Buyer, type UsageWorld } from './usage/world.ts';

let world: UsageWorld;
beforeAll(async () => {
  world = await openUsageWorld();
});
afterAll(() => world?.close());
afterEach(() => world?.control.noFaults());

const hourMs = 3_600_000;
/** Within the hour before this one: over, and of the running period. */
const beforeMs = hourOf(Date.now()) - hourMs / 2;

/** Who takes less by a negative event, and who by taking back. */
const correcting = (how: 'negative' | 'cancel') =>
  world.metering.find((id) => world.account(id).client.usage?.limits.corrections === how) ?? 'none';
const countsOf = (ref: { readonly reportId: string }) => countReport(world.orm.em.fork(), ref.reportId);

describe('a report of usage', () => {
  it('has every meter say there what it says here, at each provider that can, though each call is lost once', async () => {
    const buyers = await Promise.all(world.metering.map((id) => world.buyer(id)));
    const eventName = 'calls.made';
    const meters = {
      sum: await world.meter('sum', { eventName }),
      count: await world.meter('count', { eventName }),
      max: await world.meter('max', { eventName, property: 'size' }),
      last: await world.meter('last', { eventName, property: 'size' }),
      unique: await world.meter('unique', { eventName, property: 'user' }),
    };
    const used = [
      { name: eventName, quantity: '0.1', atMs: beforeMs - 2 * hourMs, properties: { size: 7, user: 'ada' } },
      { name: eventName, quantity: '2', atMs: beforeMs, properties: { size: 9, user: 'eve' } },
      { name: eventName, quantity: '3', atMs: beforeMs + 60_000, properties: { size: 4, user: 'ada' } },
      { name: eventName, quantity: '4.5', atMs: beforeMs + 120_000, properties: { size: 5, user: 'eve' } },
    ];
    for (const each of buyers) await world.use(each, used);
    const ref = await report(world, { isCrashing: true });
    const theirs = { sum: '9.6', count: '4', max: '9', last: '5', unique: '2' };
    const asked: string[] = [];
    for (const each of buyers) {
      const able = world.account(each.provider ?? '').client.usage?.limits.aggregations ?? [];
      for (const of of ['sum', 'count', 'max', 'last', 'unique'] as const) {
        if (!able.includes(of === 'count' ? 'sum' : of)) continue;
        asked.push(of);
        expect(Number(await world.counted(each, meters[of]))).toBeCloseTo(Number(theirs[of]), 9);
      }
    }
    expect(new Set(asked)).toEqual(new Set(['sum', 'count', 'max', 'last', 'unique']));
    const rejected = (await world.items(ref)).filter(({ status }) => status === 'rejected');
    expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(['aggregation_not_supported']));
    // Each event has a meter that its provider cannot have.
    expect(await countsOf(ref)).toEqual({ received: 8, reported: 0, rejected: 8, pending: 0 });
    expect(await world.row(ref)).toMatchObject({ status: 'succeeded', differences: [], received: 8 });
  });

  it('covers each event in one report alone, and tells of it once', async () => {
    const buyer = await world.buyer(correcting('cancel'));
    const meter = await world.meter('sum');
    await world.use(buyer, [{ name: meter.eventName, quantity: '5', atMs: beforeMs }]);
    const first = await report(world);
    await world.use(buyer, [{ name: meter.eventName, quantity: '7', atMs: beforeMs }]);
    const second = await report(world, { isCrashing: true });
    const third = await report(world);
    expect([await countsOf(first), await countsOf(second), await countsOf(third)]).toEqual([
      { received: 1, reported: 1, rejected: 0, pending: 0 },
      { received: 1, reported: 1, rejected: 0, pending: 0 },
      { received: 0, reported: 0, rejected: 0, pending: 0 },
    ]);
    expect(await world.counted(buyer, meter)).toBe('12');
    const events = await world.query<{ data: object }>(
      `select data from outbound_events where type = 'usage.reported' and object_id = ?`,
      [second.reportId],
    );
    expect(events).toMatchObject([{ data: { report_id: second.reportId, received: 1, reported: 1, differences: 0 } }]);
  });

  it('says of every event that nobody can be told of why', async () => {
    const [free, elsewhere, closed] = [
      await world.buyer(null),
      await world.buyer(world.notMetering[0] ?? ''),
      await world.buyer(correcting('cancel'), { periodStartMs: Date.now() - 2 * hourMs }),
    ];
    const meter = await world.meter('sum');
    const late = { name: meter.eventName, atMs: Date.now() - 5 * hourMs };
    for (const each of [free, elsewhere]) await world.use(each, [{ name: meter.eventName, atMs: beforeMs }]);
    await world.use(closed, [late]);
    await world.use(free, [{ name: 'nobody.counts.this', atMs: beforeMs }]);
    const ref = await report(world);
    const items = await world.items(ref);
    expect(items).toHaveLength(3);
    expect(new Set(items.map(({ code }) => code))).toEqual(
      new Set(['not_billed', 'not_supported_by_provider', 'too_late']),
    );
    expect(await countsOf(ref)).toEqual({ received: 4, reported: 0, rejected: 4, pending: 0 });
  });

  it('cuts the hour in which a period begins', async () => {
    const periodStartMs = hourOf(Date.now()) - hourMs / 2;
    const buyer = await world.buyer(correcting('cancel'), { periodStartMs });
    const meter = await world.meter('sum');
    await world.use(buyer, [
      { name: meter.eventName, quantity: '1', atMs: periodStartMs - 60_000 },
      { name: meter.eventName, quantity: '2', atMs: periodStartMs },
      { name: meter.eventName, quantity: '4', atMs: periodStartMs + 60_000 },
    ]);
    const ref = await report(world);
    const quantities = (await world.items(ref)).map(({ quantity }) => quantity);
    expect(quantities).toEqual(['1', '6']);
    expect(await world.counted(buyer, meter, periodStartMs)).toBe('6');
  });
});

describe('faults on the way', () => {
  it.each(['timeout_after_work', 'timeout_before_work', 'reset', 'rate_limited', 'malformed'])(
    'tells each event once through %s',
    async (kind) => {
      const meter = await world.meter('sum');
      const buyers: Buyer[] = [];
      for (const id of world.metering) buyers.push(await world.buyer(id));
      for (const each of buyers)
        for (const hours of [0, 1, 2])
          await world.use(each, [{ name: meter.eventName, quantity: '3', atMs: beforeMs - hours * hourMs }]);
      await world.control.fault({ kind, operation: 'events.ingest', times: 1 });
      // In the middle of its batch, of which the others are as told.
      await world.control.fault({ kind, operation: 'meter_events.create', times: 1, when: { nth: 2 } });
      const ref = await report(world);
      for (const each of buyers) expect(await world.counted(each, meter)).toBe('9');
      expect(await countsOf(ref)).toMatchObject({ received: 6, reported: 6 });
      expect(await world.row(ref)).toMatchObject({ differences: [] });
    },
  );

  it('asks what is there once the provider has forgotten the names', async () => {
    const provider = correcting('cancel');
    const buyer = await world.buyer(provider);
    const meter = await world.meter('sum');
    const at = (quantity: string, hours: number) => ({
      ...{ name: meter.eventName, quantity, atMs: beforeMs - hours * hourMs },
    });
    await world.use(buyer, [at('1', 5)]);
    await report(world);
    await world.use(buyer, [at('2', 1), at('3', 2), at('4', 3)]);
    // Told, and every answer lost.
    await world.control.fault({ kind: 'timeout_after_work', operation: 'meter_events.create' });
    const ref = await world.ask();
    await begin(ref);
    await expect(world.activities.send({ ...ref, provider, cursor: null })).rejects.toThrow();
    await world.control.noFaults();
    const [counted, standing] = [await world.counted(buyer, meter), await world.items(ref)];
    expect(standing.map(({ status }) => status)).toEqual(['sending', 'sending', 'sending']);
    expect(Number(counted)).toBeLessThan(10);
    await world.run(`update usage_report_items set sent_at = sent_at - interval '25 hours' where report_id = ?`, [
      ref.reportId,
    ]);
    await world.control.advance('PT25H');
    await report(world, { ref });
    expect(await world.counted(buyer, meter, Date.now() - 72 * hourMs)).toBe('10');
    expect(await countsOf(ref)).toEqual({ received: 3, reported: 3, rejected: 0, pending: 0 });
  });

  it('asks a person where what is there fits nothing', async () => {
    const provider = correcting('cancel');
    const buyer = await world.buyer(provider);
    const meter = await world.meter('sum');
    await world.use(buyer, [{ name: meter.eventName, quantity: '2', atMs: beforeMs }]);
    const ref = await world.ask();
    await begin(ref);
    await twice(world.activities.send)({ ...ref, provider, cursor: null });
    await world.run(
      `update usage_report_items set status = 'sending', quantity = 5, sent_at = now() - interval '2 days'
       where report_id = ?`,
      [ref.reportId],
    );
    await report(world, { ref });
    const [item] = await world.items(ref);
    expect(item).toMatchObject({ status: 'unknown' });
    const reviews = () =>
      world.query<{ kind: string }>('select kind from review_items where entity_id = ?', [item?.id ?? '']);
    expect(await reviews()).toEqual([{ kind: 'usage_unclear' }]);
    expect(await countsOf(ref)).toEqual({ received: 1, reported: 0, rejected: 0, pending: 1 });
    // Put right by the person: the next report asks again, once.
    await world.run('update usage_report_items set quantity = 2 where report_id = ?', [ref.reportId]);
    await report(world);
    expect(await countsOf(ref)).toEqual({ received: 1, reported: 1, rejected: 0, pending: 0 });
    expect(await reviews()).toHaveLength(1);
  });
});

describe('a correction', () => {
  it.each(['negative', 'cancel'] as const)('is told where less is said by %s', async (how) => {
    const buyer = await world.buyer(correcting(how));
    const meter = await world.meter('sum');
    const at = { name: meter.eventName, atMs: beforeMs };
    await world.use(buyer, [{ ...at, id: `${how}1`, quantity: '10' }]);
    const first = await report(world);
    await world.use(buyer, [{ ...at, id: `${how}2`, quantity: '-4', corrects: `${how}1` }]);
    // Done, and the answer lost.
    const operation = 'meter_event_adjustments.create';
    await world.control.fault({ kind: 'timeout_after_work', operation, times: 1 });
    const second = await report(world, { isCrashing: true });
    await world.control.noFaults();
    expect(await world.counted(buyer, meter)).toBe('6');
    await world.use(buyer, [{ ...at, id: `${how}3`, quantity: '-6', corrects: `${how}1` }]);
    const third = await report(world, { isCrashing: true });
    expect(await world.counted(buyer, meter)).toBe('0');
    for (const ref of [first, second, third]) {
      expect(await countsOf(ref)).toEqual({ received: 1, reported: 1, rejected: 0, pending: 0 });
      expect(await world.row(ref)).toMatchObject({ differences: [] });
    }
  });

  it('goes to whom more was told, whoever bills by now', async () => {
    const [before, after] = [await world.buyer(correcting('negative')), await world.buyer(correcting('cancel'))];
    const meter = await world.meter('sum');
    const at = { name: meter.eventName, atMs: beforeMs };
    await world.use(before, [{ ...at, id: 'moved1', quantity: '10' }]);
    await report(world);
    await world.run(`update subscriptions set provider = ?, provider_customer_id = ? where organization_id = ?`, [
      ...[after.provider, after.customerId, before.id],
    ]);
    await world.use(before, [{ ...at, id: 'moved2', quantity: '-4', corrects: 'moved1' }]);
    const ref = await report(world);
    expect(await world.items(ref)).toMatchObject([{ status: 'reported', provider: before.provider }]);
    expect(await world.counted(before, meter)).toBe('6');
  });

  it('is rejected once the provider takes nothing back any more', async () => {
    const buyer = await world.buyer(correcting('cancel'));
    const meter = await world.meter('count');
    const at = { name: meter.eventName, atMs: beforeMs };
    await world.use(buyer, [{ ...at, id: 'late1' }]);
    await report(world);
    await world.control.advance('PT25H');
    await world.use(buyer, [{ ...at, id: 'late2', quantity: '-1', corrects: 'late1' }]);
    const ref = await report(world);
    expect(await world.items(ref)).toMatchObject([{ status: 'rejected', code: 'correction_too_late', quantity: '-1' }]);
    expect(await world.counted(buyer, meter, Date.now() - 72 * hourMs)).toBe('1');
  });
});

describe('what the provider refuses later', () => {
  it('reaches the item once, even before its sending is written, and goes again under another name', async () => {
    const provider = correcting('cancel');
    const [early, late] = [await world.buyer(provider), await world.buyer(provider)];
    const meter = await world.meter('sum');
    for (const each of [early, late]) {
      await world.use(each, [{ name: meter.eventName, quantity: '3', atMs: beforeMs }]);
      await world.run(`update subscriptions set provider_customer_id = 'cus_gone' where organization_id = ?`, [
        each.id,
      ]);
    }
    const ref = await world.ask();
    await begin(ref);
    await sendAll(world, ref, provider);
    expect((await world.items(ref)).map(({ status }) => status)).toEqual(['reported', 'reported']);
    // As if the worker had died before it wrote that.
    const [first] = await world.items(ref);
    await world.run(`update usage_report_items set status = 'sending', reported_at = null where id = ?`, [first?.id]);
    await world.activities.enterComparison(ref);
    const compare = async (isAgain: boolean) => {
      await world.activities.compare({ ...ref, provider, cursor: null, isAgain });
      return (await world.row(ref))?.differences;
    };
    // The one whose answer is not written yet was not told, as far as we know.
    expect(await compare(false)).toMatchObject([{ provider, ours: '3', theirs: '0' }]);
    const notices = await world.control.objects(provider, 'thin_events');
    const note = async () => {
      let rejected = 0;
      for (const { id } of notices)
        rejected += (await world.activities.noteRefused({ ...scope, provider, noticeId: id })).rejected;
      return rejected;
    };
    expect(await note()).toBe(2);
    expect(await note()).toBe(0);
    expect(await compare(true)).toEqual([]);
    expect(await world.items(ref)).toMatchObject([
      { status: 'rejected', code: 'meter_event_customer_not_found', generation: 2 },
      { status: 'rejected', code: 'meter_event_customer_not_found', generation: 2 },
    ]);
    await report(world, { ref });
    for (const each of [early, late])
      await world.run(`update subscriptions set provider_customer_id = ? where organization_id = ?`, [
        ...[each.customerId, each.id],
      ]);
    const row = await world.row(ref);
    if (!row) throw new Error('no row');
    const again = await retryRejected(world.orm.em.fork(), row, {
      ...{ code: 'meter_event_customer_not_found', actor: 'test' },
    });
    expect(again).toMatchObject({ retried: 2, report: { status: 'requested', phase: 'send' } });
    await report(world, { ref, isCrashing: true });
    expect(await countsOf(ref)).toEqual({ received: 2, reported: 2, rejected: 0, pending: 0 });
    for (const each of [early, late]) expect(await world.counted(each, meter)).toBe('3');
    expect(await note()).toBe(0);
  });
});

describe('one that did not go through', () => {
  it('leaves what it had not collected, and what it had not told, to the next', async () => {
    const provider = correcting('negative');
    const buyer = await world.buyer(provider);
    const meter = await world.meter('sum');
    await world.use(
      buyer,
      ['1', '2', '4', '8', '16'].map((quantity) => ({ name: meter.eventName, quantity, atMs: beforeMs })),
    );
    const ref = await world.ask();
    await world.activities.begin(ref);
    expect(await world.activities.collect(ref)).toEqual({ received: 3, isDone: false });
    await world.activities.finish({ ...ref, failure: { code: 'provider_timeout', message: 'away' } });
    expect(await countsOf(ref)).toEqual({ received: 3, reported: 0, rejected: 0, pending: 3 });
    const next = await report(world);
    expect([await countsOf(ref), await countsOf(next)]).toMatchObject([
      { received: 3, reported: 3 },
      { received: 2, reported: 2 },
    ]);
    expect(await world.counted(buyer, meter)).toBe('31');
  });
});

/** Up to the sending. */
async function begin(ref: Parameters<UsageWorld['activities']['begin']>[0]): Promise<void> {
  await world.activities.begin(ref);
  while (!(await world.activities.collect(ref)).isDone);
  await world.activities.assign(ref);
}
