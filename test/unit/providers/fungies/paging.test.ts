import { afterEach, describe, expect, it } from 'vitest';
import { createFungiesChanges } from '../../../../src/providers/fungies/changes.ts';
import { createFungiesApi } from '../../../../src/providers/fungies/client.ts';
import { createFungiesInvoices } from '../../../../src/providers/fungies/invoices.ts';
import { readSubscriptionPage } from '../../../../src/providers/fungies/paging.ts';
import events from '../../../fixtures/fungies/events.json' with { type: 'json' };
import { startStubServer, type StubAnswer, type StubRequest, type StubServer } from '../stub-server.ts';

let server: StubServer;
afterEach(() => server.close());

const DAY_MS = 86_400_000;
const ok = (data: unknown): StubAnswer => ({ body: { status: 'success', data } });
async function apiThat(answer: (request: StubRequest) => StubAnswer) {
  server = await startStubServer(answer);
  return createFungiesApi({ publicKey: 'p', secretKey: 's', baseUrl: server.url, http: { timeoutMs: 1000 } });
}
const paramsOf = ({ path }: StubRequest) => new URL(path, 'http://x').searchParams;
const { payment } = events.payment_success.data;
const { subscription } = events.subscription_interval.data;

describe('pages of payments', () => {
  /** Seven of two users, newest first; filters are ignored, as Fungies ignores those it does not know. */
  const all = Array.from({ length: 7 }, (_, index) => ({
    ...payment,
    id: `pay-${index}`,
    userId: index % 2 === 0 ? 'u-1' : 'u-2',
  }));
  let lines: readonly object[] = [];
  const listed = (request: StubRequest): StubAnswer => {
    if (request.path.includes('/users/')) return ok({ user: { id: 'u-1', internalId: 'org_1' } });
    if (request.path.includes('/subscriptions/')) return ok({ subscription, items: [] });
    if (!request.path.includes('/payments/list')) return ok({ order: events.payment_success.data.order, items: lines });
    const skip = Number(paramsOf(request).get('skip'));
    return ok({ payments: all.slice(skip, skip + Number(paramsOf(request).get('take'))) });
  };

  it('are read to the end, each once, and filtered again', async () => {
    const invoices = createFungiesInvoices(await apiThat(listed));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await invoices.list({ providerCustomerId: 'u-1', cursor, limit: 3 });
      seen.push(...page.items.map(({ providerInvoiceId }) => providerInvoiceId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(['pay-0', 'pay-2', 'pay-4', 'pay-6']);
  });

  it.each([
    ['org_1', 4],
    ['org_2', 0],
  ])('leave out what was sold to the same e-mail for another organization (%s)', async (organizationId, count) => {
    lines = [{ ...events.payment_success.data.items[0], customFields: { organization_id: organizationId } }];
    const invoices = createFungiesInvoices(await apiThat(listed));
    const { items } = await invoices.list({ providerCustomerId: 'u-1', cursor: null, limit: 50 });
    expect(items).toHaveLength(count);
  });
});

describe('pages of subscriptions', () => {
  it.each([
    ['says so', { hasMore: false, cursor: 'c2' }, null],
    ['has no cursor', {}, null],
    ['repeats the cursor', { cursor: 'c1' }, null],
    ['goes on', { cursor: 'c2' }, 'c2'],
  ])('end where one %s', async (_what, page, next) => {
    const api = await apiThat(() => ok({ subscriptions: [subscription, { ...subscription, userId: 'u-2' }], ...page }));
    const read = await readSubscriptionPage(api, { userId: 'u-1', cursor: 'c1', limit: 2 });
    expect(read).toMatchObject({ items: [{ userId: 'u-1' }], nextCursor: next });
    expect(read.items).toHaveLength(1);
    expect([...paramsOf(server.requests[0] ?? { method: '', path: '', headers: {}, body: null })]).toContainEqual([
      'status',
      'all',
    ]);
  });
});

describe('changes at Fungies', () => {
  const since = '2026-06-01T00:00:00.000Z';
  const query = { since, until: '2026-06-02T00:00:00.000Z', limit: 10 };
  const day = (days: number): number => Date.parse(since) + days * DAY_MS;

  it('tell payments of the weeks before again, then every subscription that may have changed', async () => {
    const payments = [0.5, -30, -32].map((days, index) => ({ ...payment, id: `pay-${index}`, createdAt: day(days) }));
    const subscriptions = [
      { ...subscription, id: 'live', createdAt: day(-300) },
      { ...subscription, id: 'ended', status: 'canceled', canceledAt: day(0.5), createdAt: day(-300) },
      { ...subscription, id: 'gone', status: 'canceled', canceledAt: day(-60), currentIntervalEnd: day(-50) },
      { ...subscription, id: 'later', createdAt: day(2) },
    ];
    const changes = createFungiesChanges(
      await apiThat(({ path }) => ok(path.includes('/payments/') ? { payments } : { subscriptions })),
    );
    const first = await changes.list({ ...query, cursor: null });
    expect(first.items.map(({ objectId, changedAt }) => [objectId, changedAt])).toEqual([
      ['pay-0', '2026-06-01T12:00:00.000Z'],
      ['pay-1', since],
    ]);
    const second = await changes.list({ ...query, cursor: first.nextCursor });
    expect(second.items.map(({ objectId }) => objectId)).toEqual(['live', 'ended']);
    expect(second.nextCursor).toBeNull();
  });
});
