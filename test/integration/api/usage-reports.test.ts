import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordEvent } from '../../../src/activities/record-event.ts';
import { usageReport, usageReportItem, usageReportSummary } from '../../../src/api/schemas/usage-report.ts';
import { newId } from '../../../src/db/new-id.ts';
import { usageReportedData } from '../../../src/domain/usage/reported-event.ts';
import { expectDocumented } from '../../support/documented-events.ts';
import { startApi, type TestApi } from './support.ts';
import { aMeter, anOrganization, aReport } from './usage-report-rows.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.query(`update usage_reports set status = 'succeeded' where status in ('requested', 'running')`);
  api.temporal.ran.length = 0;
  api.temporal.work = async () => undefined;
});

const path = '/billing/usage-reports';
const ask = (options: object = {}) => api.call('POST', path, { body: {}, ...options });
const read = async (id: string) => usageReport.parse((await api.call('GET', `${path}/${id}`)).body);
const itemsOf = async (id: string, query = '') => {
  const { body } = await api.call('GET', `${path}/${id}/items${query}`);
  return { items: body.data.map((each) => usageReportItem.parse(each)), next: body.next_cursor };
};
const retry = (id: string, body: object = {}, options: object = {}) =>
  api.call('POST', `${path}/${id}/retry`, { body, ...options });

describe('asking for a report', () => {
  it('writes it, has it started, and answers how it stands', async () => {
    const answer = await ask();
    expect(answer).toMatchObject({
      status: 202,
      body: {
        ...{ status: 'requested', phase: 'collect', cause: 'request', why: 'It waits for a worker.' },
        ...{ received: 0, reported: 0, rejected: 0, pending: 0, from: null, to: null, differing: null },
      },
    });
    expect(api.temporal.ran).toEqual([`usage-report/${answer.body.id}`]);
    const audited = await api.query('select action from audit_log where entity_id = ?', [answer.body.id]);
    expect(audited).toEqual([{ action: 'usage_report.requested' }]);
  });

  it('is answered the same when it is repeated, and started once', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const [one, two] = [await ask({ headers }), await ask({ headers })];
    expect(two.body.id).toBe(one.body.id);
    expect(two.headers.get('idempotent-replayed')).toBe('true');
    expect(api.temporal.ran).toHaveLength(1);
  });

  it('is refused while one is open, and names it; the other mode has its own', async () => {
    const { id } = (await ask()).body;
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'usage_report_running', usage_report_id: id } });
    const live = await ask({ key: api.keys.live });
    expect(live.status).toBe(202);
    await api.query(`update usage_reports set status = 'failed' where id = ?`, [live.body.id]);
  });

  it('stays asked for when the engine is away: the relay starts it', async () => {
    api.temporal.work = () => Promise.reject(new Error('away'));
    expect(await ask()).toMatchObject({ status: 202, body: { status: 'requested' } });
  });

  it('takes no fields, and says which it does not know', async () => {
    const answer = await ask({ body: { provider: 'merchant' } });
    expect(answer.body).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/provider' }] });
    expect(api.temporal.ran).toEqual([]);
  });

  it('is for secret keys of the whole project', async () => {
    const { id } = await aReport(api);
    const reads = ['', `/${id}`, `/${id}.csv`, `/${id}/items`, `/${id}/organizations`];
    for (const end of reads) {
      expect((await api.call('GET', `${path}${end}`, { key: api.keys.reader })).status).toBe(200);
      expect((await api.call('GET', `${path}${end}`, { key: api.keys.publishable })).status).toBe(403);
    }
    expect((await ask({ key: api.keys.reader })).status).toBe(403);
    expect((await retry(id, {}, { key: api.keys.reader })).status).toBe(403);
    const body = { organization_id: await anOrganization(api), permissions: ['read', 'manage', 'usage'] };
    const session = (await api.call('POST', '/billing/sessions', { body })).body.session_token;
    for (const key of [api.keys.publishable, api.keys.secret])
      for (const end of reads)
        expect((await api.call('GET', `${path}${end}`, { key, headers: { 'plinto-session': session } })).status).toBe(
          403,
        );
  });

  it('is only for the project and mode it is of', async () => {
    const { id } = await aReport(api);
    for (const key of [api.keys.other, api.keys.live]) {
      for (const end of ['', '.csv', '/items', '/organizations'])
        expect(await api.call('GET', `${path}/${id}${end}`, { key })).toMatchObject({
          ...{ status: 404, body: { code: 'usage_report_not_found' } },
        });
      expect((await retry(id, {}, { key })).status).toBe(404);
      expect((await api.call('GET', path, { key })).body.data.map((each) => each.id)).not.toContain(id);
    }
    for (const wrong of ['ur_1', newId('ur'), 'x'.repeat(300)])
      expect((await api.call('GET', `${path}/${wrong}`)).body.code).toBe('usage_report_not_found');
  });
});

describe('the list of reports', () => {
  it('has the newest first, page by page and by status, each with its counts', async () => {
    const { id: meter } = await aMeter(api);
    const made = [await aReport(api), await aReport(api, `status = 'failed', failure_code = 'x'`)];
    await made[0]?.group({ organization: 'org_1', meters: [meter], events: 4 });
    await made[0]?.item({ organization: 'org_1', meter, status: 'pending', events: 4 });
    const list = async (query: string) => {
      const { body } = await api.call('GET', `${path}${query}`);
      return { rows: body.data.map((each) => usageReportSummary.parse(each)), next: body.next_cursor };
    };
    const page = await list('?limit=1');
    expect(page.rows).toMatchObject([{ id: made[1]?.id, status: 'failed', failure: { code: 'x', detail: null } }]);
    const second = await list(`?limit=1&cursor=${page.next}`);
    expect(second.rows).toMatchObject([{ id: made[0]?.id, received: 4, pending: 4, items: { pending: 1 } }]);
    expect((await list('?status=failed')).rows[0]?.id).toBe(made[1]?.id);
    expect((await list('?status=running')).rows).toEqual([]);
    expect((await api.call('GET', `${path}?status=wrong`)).body.code).toBe('validation_failed');
  });
});

describe('the items of a report', () => {
  it('are listed by organization, meter, hour and value, page by page and by what is asked', async () => {
    const [calls, users] = [await aMeter(api), await aMeter(api, 'unique')];
    const report = await aReport(api);
    const of = (organization: string, more: object) =>
      report.item({ organization, meter: calls.id, status: 'reported', events: 1, ...more });
    const [b, a2, a1] = [await of('org_b', {}), await of('org_a', { hour: 2 }), await of('org_a', { hour: 1 })];
    const refused = await of('org_c', { status: 'rejected', provider: null, code: 'not_billed' });
    const values = ['ada', 'bob', 'eve'];
    const unique = await Promise.all(
      values.map((value) => of('org_d', { meter: users.id, value, status: 'sending', provider: 'local' })),
    );
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const page = await itemsOf(report.id, `?limit=2${cursor}`);
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(seen.slice(0, 4)).toEqual([a1, a2, b, refused]);
    expect(new Set(seen.slice(4))).toEqual(new Set(unique));
    expect(seen).toHaveLength(7);
    const ids = async (query: string) => (await itemsOf(report.id, query)).items.map(({ id }) => id);
    expect(await ids('?status=rejected')).toEqual([refused]);
    expect(await ids('?code=not_billed')).toEqual([refused]);
    expect(await ids('?provider=none')).toEqual([refused]);
    expect(await ids('?organization_id=org_a&provider=merchant')).toEqual([a1, a2]);
    expect(new Set(await ids(`?meter=${users.key}`))).toEqual(new Set(unique));
    expect(await ids('?counted_as=pending')).toHaveLength(3);
    expect((await itemsOf(report.id, '?provider=none')).items[0]).toMatchObject({
      ...{ provider: null, code: 'not_billed', counted_as: 'rejected', quantity: '1' },
      ...{ why: expect.stringMatching(/Nobody bills/), fix: expect.stringMatching(/Subscribe/) },
    });
    for (const cursor of ['x', Buffer.from('["a","b","2026-99-99T00:00:00.000000Z","c"]').toString('base64url')])
      expect((await api.call('GET', `${path}/${report.id}/items?cursor=${cursor}`)).body.code).toBe('cursor_invalid');
  });

  it('are the same as CSV, more than a page of them, and no spreadsheet runs them', async () => {
    const { id: meter, key } = await aMeter(api);
    const report = await aReport(api);
    await api.query(
      `insert into usage_report_items (id, report_id, project_id, live, organization_id, meter_id, bucket, events, quantity,
         occurred_at, status) select 'uri_' || replace(gen_random_uuid()::text, '-', ''), ?, 'default', false, 'org_many', ?,
         timestamptz '2026-11-01 00:00:00Z' + n * interval '1 hour', n, n + 0.125, now(), 'reported'
       from generate_series(1, 2100) n`,
      [report.id, meter],
    );
    await report.item({ organization: 'org_bad', meter, status: 'rejected', events: 1, detail: '=cmd|"a", b' });
    const { headers, body } = await api.call('GET', `${path}/${report.id}.csv`);
    expect(headers.get('content-type')).toMatch(/text\/csv/);
    expect(headers.get('content-disposition')).toContain(`${report.id}.csv`);
    const [header, ...lines] = body.text.split('\r\n');
    expect(header).toMatch(/^id,report_id,organization_id,meter,unit,bucket,value,provider,/);
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(2_101);
    expect(lines[0]).toContain(`org_bad,${key},call,`);
    expect(lines[0]).toContain(`"'=cmd|""a"", b"`);
    const listed: string[] = [];
    for (let cursor = ''; ;) {
      const page = await itemsOf(report.id, `?limit=100${cursor}`);
      listed.push(...page.items.map(({ id, quantity, status }) => `${id} ${quantity} ${status}`));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    const at = (header ?? '').split(',');
    const cells = lines.slice(1).map((line) => line.split(','));
    const told = cells.map((each) => ['id', 'quantity', 'status'].map((name) => each[at.indexOf(name)]).join(' '));
    expect(told).toEqual(listed.slice(1));
    const some = await api.call('GET', `${path}/${report.id}.csv?status=rejected`);
    expect(some.body.text.split('\r\n')).toHaveLength(3);
  });
});

describe('a retry', () => {
  async function aRejected(codes: readonly string[] = ['not_billed', 'too_late']) {
    const { id: meter } = await aMeter(api);
    const report = await aReport(api);
    for (const [hour, code] of codes.entries()) {
      await report.group({ organization: 'org_1', hour, meters: [meter], events: 2 });
      await report.item({ organization: 'org_1', hour, meter, status: 'rejected', events: 2, code });
    }
    return report.id;
  }

  it('has what was rejected sent again in the same report, only for one reason if that is asked', async () => {
    const id = await aRejected();
    const answer = await retry(id, { code: 'not_billed' });
    expect(answer).toMatchObject({ status: 202, body: { id, status: 'requested', pending: 2, rejected: 2 } });
    expect(api.temporal.ran).toEqual([`usage-report/${id}`]);
    expect((await itemsOf(id, '?status=pending')).items).toMatchObject([{ code: null, why: null }]);
    const audited = await api.query('select action from audit_log where entity_id = ?', [id]);
    expect(audited).toEqual([{ action: 'usage_report.retried' }]);
  });

  it('is done once however often it is asked with the same key', async () => {
    const id = await aRejected();
    const headers = { 'idempotency-key': randomUUID() };
    await retry(id, {}, { headers });
    await api.query(`update usage_reports set status = 'succeeded' where id = ?`, [id]);
    await api.query(`update usage_report_items set status = 'rejected', code = 'x' where report_id = ?`, [id]);
    expect(await retry(id, {}, { headers })).toMatchObject({ status: 202, body: { status: 'succeeded', rejected: 4 } });
    expect(api.temporal.ran).toHaveLength(1);
  });

  it('is refused where nothing was rejected for it, and changes nothing', async () => {
    const id = await aRejected();
    const answer = await retry(id, { code: 'something_else' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'usage_report_nothing_rejected' } });
    expect((await retry(id, { codes: ['x'] })).body).toMatchObject({ errors: [{ pointer: '/codes' }] });
    expect(await read(id)).toMatchObject({ status: 'succeeded', rejected: 4 });
    expect(api.temporal.ran).toEqual([]);
  });

  it('leaves the items to a report that is open', async () => {
    const [id, { body: open }] = [await aRejected(), await ask()];
    expect(await retry(id)).toMatchObject({ status: 202, body: { status: 'succeeded', pending: 4 } });
    expect(api.temporal.ran).toEqual([`usage-report/${open.id}`]);
  });
});

describe('what metrics tell', () => {
  it('is how old the oldest unreported event is, what stands where, and how the last report ended', async () => {
    await api.query('delete from usage_report_items');
    await api.query('delete from usage_report_groups');
    await api.query('delete from usage_reports');
    const { id: meter } = await aMeter(api);
    const [idle, busy] = [await anOrganization(api), await anOrganization(api)];
    const event = (organization: string, xid: number, age: string) =>
      api.query(
        `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, occurred_at,
           received_at, xid) values (gen_random_uuid(), 'default', false, ?, ?, 'used', 1, now(), now() - interval '${age}', '${xid}')`,
        [organization, `e_${xid}`],
      );
    for (const [organization, xid, age] of [
      [idle, 50, '9 hours'],
      [busy, 150, '90 minutes'],
      [idle, 160, '80 minutes'],
    ] as const)
      await event(organization, xid, age);
    const differences = `[{"provider": "merchant"}]`;
    const report = await aReport(api, `from_xid = '0', to_xid = '100', differences = '${differences}'`);
    await report.group({ organization: idle, meters: [meter], events: 7 });
    await report.item({ organization: idle, meter, status: 'rejected', events: 7, code: 'too_late' });
    const ended = { reportId: report.id, status: 'succeeded', providers: [], differences: 1 } as const;
    const data = usageReportedData({ ...ended, counts: { received: 7, reported: 0, rejected: 7, pending: 0 } });
    await api.orm.em.fork().transactional((tx) =>
      recordEvent(tx, {
        ...{ projectId: 'default', live: false, organizationId: null, type: 'usage.reported', cause: 'ended' },
        ...{ objectKind: 'usage_report', objectId: report.id, data },
      }),
    );
    expect(await expectDocumented((sql) => api.query(sql), 'usage.%')).toEqual(new Set(['usage']));
    const metrics = (await api.call('GET', '/metrics')).body.text;
    const labels = 'project="default",mode="test"';
    const age = Number(new RegExp(`oldest_unreported_age_seconds\\{${labels}\\} (\\S+)`).exec(metrics)?.[1]);
    expect(age).toBeGreaterThanOrEqual(90 * 60);
    expect(age).toBeLessThan(8 * 3_600);
    expect(metrics).toContain(`billing_usage_report_interval_seconds{${labels}} 3600`);
    expect(metrics).toContain(
      `billing_usage_report_items{${labels},provider="merchant",status="rejected",code="too_late"} 1`,
    );
    expect(metrics).toContain(`billing_usage_report_last_events{${labels},counted_as="rejected"} 7`);
    expect(metrics).toContain(`billing_usage_report_last_succeeded{${labels}} 1`);
    expect(metrics).toContain(`billing_usage_report_differing_meters{${labels}} 1`);
  });
});
