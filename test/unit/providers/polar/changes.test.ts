import { describe, expect, it } from 'vitest';
import { createPolarChanges } from '../../../../src/providers/polar/changes.ts';
import type { ChangeFact } from '../../../../src/providers/port-records.ts';
import { fakePolar, ok, page, type FakeReply, type FakeRequest } from './fake-polar.ts';

const since = '2026-10-02T00:00:00.000Z';
const until = '2026-10-03T00:00:00.000Z';
const within = '2026-10-02T12:00:00.000Z';
const long = '2026-01-01T00:00:00.000Z';
const made = (id: string, created_at: string, modified_at: string | null = null, more: object = {}) => ({
  id,
  created_at,
  modified_at,
  ...more,
});

type Lists = Partial<Record<'orders' | 'refunds' | 'subscriptions' | 'ended' | 'checkouts' | 'disputes', unknown[]>>;

function polarWith(lists: Lists, paged?: (request: FakeRequest) => FakeReply | null) {
  const listOf = (name: keyof Lists) => (request: FakeRequest) => paged?.(request) ?? page(...(lists[name] ?? []));
  const fake = fakePolar({
    'GET /v1/orders/': listOf('orders'),
    'GET /v1/refunds/': listOf('refunds'),
    'GET /v1/subscriptions/': (request) =>
      listOf(request.query.status === 'canceled' ? 'ended' : 'subscriptions')(request),
    'GET /v1/checkouts/': listOf('checkouts'),
    'GET /v1/disputes/': listOf('disputes'),
  });
  return { ...fake, changes: createPolarChanges(fake.api) };
}

async function walk(changes: ReturnType<typeof createPolarChanges>, limit = 100): Promise<readonly ChangeFact[]> {
  const facts: ChangeFact[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const read: Awaited<ReturnType<typeof changes.list>> = await changes.list({ since, until, cursor, limit });
    facts.push(...read.items);
    cursor = read.nextCursor;
    pages += 1;
  } while (cursor !== null && pages < 50);
  return facts;
}

describe('what changed at Polar', () => {
  it('is picked out of every list, and told with what it belongs to', async () => {
    const { changes } = polarWith({
      orders: [
        made('o1', within, null, { checkout_id: 'c1', customer_id: 'u1', metadata: { checkout_id: 'chk_1' } }),
        made('old', '2026-09-01T00:00:00Z'),
      ],
      refunds: [made('r1', '2026-09-20T00:00:00Z', within, { order_id: 'o0' })],
      subscriptions: [made('s1', long, within), made('quiet', long, long)],
      ended: [made('s2', long, within, { ended_at: within })],
      checkouts: [made('k1', within, within)],
      disputes: [made('d1', within, null, { order_id: 'o0', payment_id: 'p0' })],
    });
    const facts = await walk(changes);
    expect(facts.map(({ objectKind, objectId }) => `${objectKind} ${objectId}`)).toEqual([
      'order o1',
      'refund r1',
      'subscription s1',
      'subscription s2',
      'checkout k1',
      'dispute d1',
    ]);
    expect(facts[0]).toEqual({
      objectKind: 'order',
      objectId: 'o1',
      checkoutId: 'chk_1',
      related: [
        { kind: 'checkout', id: 'c1' },
        { kind: 'customer', id: 'u1' },
      ],
      ...{ about: 'charge', charge: 'o1' },
      changedAt: within,
    });
    expect(facts.at(-1)?.related).toEqual([
      { kind: 'order', id: 'o0' },
      { kind: 'payment', id: 'p0' },
    ]);
  });

  it('includes what changed again since, for only the last time is kept', async () => {
    const { changes } = polarWith({ subscriptions: [made('s1', long, '2026-10-09T00:00:00Z')] });
    expect((await walk(changes)).map(({ objectId }) => objectId)).toEqual(['s1']);
  });

  it('leaves out what was made after the window', async () => {
    const { changes } = polarWith({ checkouts: [made('late', until)] });
    await expect(walk(changes)).resolves.toEqual([]);
  });

  it('asks for orders as far back as dunning can still change them', async () => {
    const { changes, requests } = polarWith({});
    await walk(changes);
    expect(requests[0]?.query).toMatchObject({
      created_after: '2026-08-03T00:00:00.000Z',
      created_before: until,
      sorting: 'created_at',
    });
  });

  it('stops a list that is newest first at what is too old', async () => {
    const { changes, requests } = polarWith({}, ({ route, query }) => {
      if (route !== 'GET /v1/checkouts/') return null;
      const items = query.page === 1 ? [made('k1', within)] : [made('k0', long)];
      return ok({ items, pagination: { total_count: 900, max_page: 900 } });
    });
    await expect(walk(changes, 1)).resolves.toHaveLength(1);
    expect(requests.filter(({ route }) => route === 'GET /v1/checkouts/')).toHaveLength(2);
  });

  it('goes back when the list has shrunk, so that what moved up is not missed', async () => {
    // Three live ones, one a page; the first ends after it was read.
    let reads = 0;
    const { changes } = polarWith({}, ({ route, query }) => {
      if (route !== 'GET /v1/subscriptions/' || query.status === 'canceled') return null;
      reads += 1;
      const ids = reads === 1 ? ['s1', 's2', 's3'] : ['s2', 's3'];
      const id = ids[Number(query.page) - 1];
      return ok({
        items: id === undefined ? [] : [made(id, long, within)],
        pagination: { total_count: ids.length, max_page: ids.length },
      });
    });
    const ids = (await walk(changes, 1)).map(({ objectId }) => objectId);
    expect(new Set(ids)).toEqual(new Set(['s1', 's2', 's3']));
  });

  it('refuses a cursor that is none', async () => {
    const { changes } = polarWith({});
    await expect(changes.list({ since, until, cursor: 'x', limit: 10 })).rejects.toMatchObject({
      code: 'cursor_invalid',
      kind: 'invalid',
    });
  });
});
