import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReview, type OpenReviewInput } from '../../../src/activities/open-review.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** As an activity opens it. */
async function aReview(changes: Partial<OpenReviewInput> = {}): Promise<string> {
  const item = await api.orm.em.fork().transactional((tx) =>
    openReview(tx, {
      ...{ projectId: 'default', live: false, kind: 'charged_twice', cause: randomUUID(), provider: 'merchant' },
      ...{ organizationId: 'org_1', entityKind: 'checkout', entityId: 'chk_1', summary: 'Paid twice.' },
      ...{ evidence: { amount_minor: 4900, currency: 'USD' }, ...changes },
    }),
  );
  return item.id;
}

const list = async (query = '') => {
  const { status, body } = await api.call('GET', `/ops/reviews${query}`);
  expect(status).toBe(200);
  const { data, next_cursor } = body as unknown as { data: { id: string; kind: string }[]; next_cursor: string | null };
  return { ids: data.map(({ id }) => id), kinds: data.map(({ kind }) => kind), next: next_cursor };
};
const audited = async (id: string) =>
  (await api.query('select action, actor, detail from audit_log where entity_id = ? order by id', [id])).map(
    ({ action }) => action,
  );

describe('reviews', () => {
  it('show what happened, with its evidence, once per cause', async () => {
    const cause = `stray:merchant:${randomUUID()}`;
    const id = await aReview({ cause });
    expect(await aReview({ cause })).toBe(id);
    const { body } = await api.call('GET', `/ops/reviews/${id}`);
    expect(body).toMatchObject({
      ...{
        id,
        kind: 'charged_twice',
        status: 'open',
        provider: 'merchant',
        entity_id: 'chk_1',
        summary: 'Paid twice.',
      },
      ...{ evidence: { amount_minor: 4900, currency: 'USD' }, note: null, closed_by: null, closed_at: null },
    });
  });

  it('are listed newest first, by status and kind, page by page', async () => {
    const first = await aReview({ kind: 'orphan_charge' });
    const second = await aReview({ kind: 'orphan_charge' });
    expect((await list('?kind=orphan_charge')).ids).toEqual([second, first]);
    const page = await list('?kind=orphan_charge&limit=1');
    expect(page.ids).toEqual([second]);
    expect((await list(`?kind=orphan_charge&limit=1&cursor=${page.next}`)).ids).toEqual([first]);
    await api.call('POST', `/ops/reviews/${first}/dismiss`, { body: { note: 'a test' } });
    expect((await list('?kind=orphan_charge&status=open')).ids).toEqual([second]);
    expect((await list('?kind=orphan_charge&status=dismissed')).ids).toEqual([first]);
  });

  it.each(['status=lost', 'kind=party', 'colour=red'])('refuses ?%s', async (query) => {
    expect((await api.call('GET', `/ops/reviews?${query}`)).status).toBe(422);
  });

  it.each([
    ['resolve', 'resolved'],
    ['dismiss', 'dismissed'],
  ])('are closed once by %s, with a note, and audited', async (act, status) => {
    const id = await aReview();
    const close = (key: string, note: unknown = 'looked it up') =>
      api.call('POST', `/ops/reviews/${id}/${act}`, { body: { note }, headers: { 'idempotency-key': key } });
    expect((await close(randomUUID(), ' ')).body).toMatchObject({ errors: [{ pointer: '/note' }] });
    const key = randomUUID();
    const answers = [await close(key), await close(key)];
    for (const { status: code, body } of answers) {
      expect(code).toBe(200);
      expect(body).toMatchObject({ id, status, note: 'looked it up', closed_by: expect.stringMatching(/^key_/) });
    }
    expect(answers[1]?.headers.get('idempotent-replayed')).toBe('true');
    expect(await close(randomUUID())).toMatchObject({ status: 409, body: { code: 'review_closed' } });
    expect(await audited(id)).toEqual(['review.opened', `review.${status}`]);
  });

  it('are another project’s or mode’s to nobody else', async () => {
    const id = await aReview();
    for (const key of [api.keys.other, api.keys.live]) {
      expect(await api.call('GET', `/ops/reviews/${id}`, { key })).toMatchObject({ status: 404 });
      const closing = api.call('POST', `/ops/reviews/${id}/resolve`, { key, body: { note: 'x' } });
      expect(await closing).toMatchObject({ status: 404, body: { code: 'review_not_found' } });
    }
    expect((await api.call('GET', `/ops/reviews/${id}`, { key: api.keys.reader })).status).toBe(403);
    expect(await audited(id)).toEqual(['review.opened']);
  });

  it('that wait are a figure', async () => {
    await aReview({ kind: 'refund_failed' });
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).toMatch(/billing_reviews_open\{kind="refund_failed",live="false"\} 1/);
    expect(text).toContain('billing_stray_sessions_unresolved');
  });
});
