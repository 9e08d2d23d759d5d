import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usageReport } from '../../../src/api/schemas/usage-report.ts';
import type { UsageItemStatus } from '../../../src/domain/usage/report.ts';
import { startApi, type TestApi } from './support.ts';
import { aMeter, anOrganization, aReport } from './usage-report-rows.ts';

/** In which of the three an item's events count, said a second time: the product says it in SQL. */
function countedAs(status: UsageItemStatus): 'reported' | 'rejected' | 'pending' {
  if (status === 'reported' || status === 'replaced') return 'reported';
  return status === 'rejected' ? 'rejected' : 'pending';
}

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const path = '/billing/usage-reports';
const read = async (id: string) => usageReport.parse((await api.call('GET', `${path}/${id}`)).body);

describe('what a report adds up to', () => {
  it('counts an event where the worst of its meters’ items stands, and each item as it is', async () => {
    const [calls, peak] = [await aMeter(api), await aMeter(api, 'max')];
    const organization = await anOrganization(api);
    const report = await aReport(api);
    const both = [calls.id, peak.id];
    await report.group({ organization, hour: 1, meters: both, events: 10 });
    await report.group({ organization, hour: 1, meters: [calls.id], events: 5 });
    await report.group({ organization, hour: 2, meters: both, events: 3 });
    await report.group({ organization, hour: 2, meters: [], events: 2 });
    await report.item({ organization, hour: 1, meter: calls.id, status: 'reported', events: 15, quantity: '15.5' });
    await report.item({ organization, hour: 1, meter: peak.id, status: 'unknown', events: 10 });
    await report.item({ organization, hour: 2, meter: calls.id, status: 'replaced', events: 3, quantity: '0.25' });
    const why = { code: 'meter_event_too_old', detail: 'Timestamps reach back 35 days.' };
    await report.item({ organization, hour: 2, meter: peak.id, status: 'rejected', events: 3, ...why });
    const shown = await read(report.id);
    expect(shown).toMatchObject({
      ...{ received: 20, reported: 5, rejected: 5, pending: 10 },
      meter_events: { received: 31, reported: 18, rejected: 3, pending: 10 },
      items: { received: 4, reported: 2, rejected: 1, pending: 1 },
      by_provider: [{ provider: 'merchant', received: 31, items: { received: 4 } }],
      by_organization: [{ organization_id: organization, received: 20, reported: 5, rejected: 5, pending: 10 }],
      rejected_by_code: [
        { provider: 'merchant', ...why, items: 1, events: 3, why: why.detail, fix: expect.stringMatching(/retry/) },
        { provider: null, code: 'no_meter_matched', items: 0, events: 2, fix: expect.stringMatching(/meter/) },
      ],
      why: '20 events: 5 reported, 5 rejected, 10 pending. rejected_by_code says why, and what to do before a retry. What is pending is not known to have arrived, or is sent with the next report.',
    });
    expect(shown.by_meter.find(({ meter }) => meter === calls.key)).toMatchObject({
      ...{ received: 18, reported: 18, aggregation: 'sum', unit: 'call' },
      quantity: { reported: '15.75', rejected: '0', pending: '0' },
    });
    expect(shown.by_meter.find(({ meter }) => meter === peak.key)).toMatchObject({ pending: 10, quantity: null });
  });

  it('counts of an item that replaces another only what it adds', async () => {
    const { id: meter } = await aMeter(api);
    const organization = await anOrganization(api);
    const first = await aReport(api);
    const replaces = await first.item({ organization, meter, status: 'replaced', events: 9, quantity: '9' });
    const second = await aReport(api);
    await second.item({ organization, meter, status: 'reported', events: 1, quantity: '7', replaces });
    const added = async (id: string) => (await read(id)).by_meter[0]?.quantity?.reported;
    expect([await added(first.id), await added(second.id)]).toEqual(['9', '-2']);
  });

  it('tells what providers say they have where it differs, and until when it reaches', async () => {
    const { id: meter, key } = await aMeter(api);
    const differences = [
      {
        ...{ provider: 'merchant', organizationId: 'org_1', meterId: meter, ours: '12', theirs: '11.5' },
        ...{ from: '2026-11-01T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' },
      },
    ];
    const before = await aReport(api, `from_xid = '100', to_xid = '200', covered_until = '2026-11-20T10:00:00Z'`);
    const report = await aReport(
      api,
      `from_xid = '200', to_xid = '300', covered_until = '2026-11-20T11:00:00Z', differences = '${JSON.stringify(differences)}'`,
    );
    expect(before.id < report.id).toBe(true);
    expect(await read(report.id)).toMatchObject({
      ...{ from: '2026-11-20T10:00:00.000Z', to: '2026-11-20T11:00:00.000Z', differing: 1 },
      differences: [{ provider: 'merchant', organization_id: 'org_1', meter: key, ours: '12', theirs: '11.5' }],
    });
  });

  it('shows the organizations with the most events, and lists all of them', async () => {
    const { id: meter } = await aMeter(api);
    const report = await aReport(api);
    const organizations = Array.from({ length: 23 }, (_, n) => `org_${String(n).padStart(2, '0')}`);
    for (const [n, organization] of organizations.entries()) {
      await report.group({ organization, meters: [meter], events: n + 1 });
      await report.item({ organization, meter, status: n % 2 === 0 ? 'reported' : 'pending', events: n + 1 });
    }
    const shown = await read(report.id);
    expect(shown.by_organization).toHaveLength(20);
    expect(shown.by_organization[0]).toMatchObject({ organization_id: 'org_22', received: 23, reported: 23 });
    const list = async (query: string) => (await api.call('GET', `${path}/${report.id}/organizations${query}`)).body;
    const first = await list('?limit=20');
    const second = await list(`?limit=20&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data]).toMatchObject(organizations.map((id) => ({ organization_id: id })));
    expect(second.next_cursor).toBeNull();
  });

  const statuses = ['pending', 'sending', 'unknown', 'reported', 'rejected', 'replaced'] as const;
  const anHour = fc.record({
    /** Of each of three meters: how its item stands. */
    items: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...statuses))),
    /** By set of meters, as bits: how many events; without a meter, too. */
    groups: fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 1_000_000 })), {
      selector: ([set]) => set,
      maxLength: 8,
    }),
  });

  it('is for every combination what a count one by one finds, at both levels', async () => {
    const meters = [await aMeter(api), await aMeter(api), await aMeter(api)].map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anHour, anHour), { minLength: 1, maxLength: 3 }), async (organizations) => {
        const report = await aReport(api);
        const expected = { events: nothing(), items: nothing(), meterEvents: nothing() };
        for (const [index, hours] of organizations.entries())
          for (const [hour, { items, groups }] of hours.entries()) {
            const organization = `org_${index}`;
            const inSet = (set: number, meter: number) => (set & (1 << meter)) !== 0;
            for (const [set, events] of groups) {
              await report.group({ organization, hour, meters: meters.filter((_, n) => inSet(set, n)), events });
              add(expected.events, worstOf(items.filter((_, n) => inSet(set, n))), events);
            }
            for (const [n, status] of items.entries()) {
              const events = groups.reduce((sum, [set, count]) => sum + (inSet(set, n) ? count : 0), 0);
              const meter = meters[n];
              if (events === 0 || meter === undefined) continue;
              await report.item({ organization, hour, meter, status, events });
              add(expected.items, countedAs(status), 1);
              add(expected.meterEvents, countedAs(status), events);
            }
          }
        const shown = await read(report.id);
        const { received, reported, rejected, pending } = shown;
        expect({ received, reported, rejected, pending }).toEqual(expected.events);
        expect(shown).toMatchObject({ items: expected.items, meter_events: expected.meterEvents });
        const summed = nothing();
        for (const each of shown.by_organization) for (const name of countNames) summed[name] += each[name];
        expect(summed).toEqual(expected.events);
      }),
      { numRuns: 25 },
    );
  });
});

const countNames = ['received', 'reported', 'rejected', 'pending'] as const;
const nothing = () => ({ received: 0, reported: 0, rejected: 0, pending: 0 });
function add(counts: ReturnType<typeof nothing>, to: 'reported' | 'rejected' | 'pending', events: number): void {
  counts.received += events;
  counts[to] += events;
}
/** As the rule says it, beside the SQL: an event is as good as the worst of its items; without a meter it is rejected. */
function worstOf(statuses: readonly UsageItemStatus[]) {
  const counted = statuses.map(countedAs);
  if (counted.length === 0 || counted.includes('rejected')) return 'rejected';
  return counted.includes('pending') ? 'pending' : 'reported';
}
