import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { fakeProviders } from './fake-providers.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  const list = () => Promise.reject(new Error('the API called a provider'));
  const providers = fakeProviders(['merchant', 'local'], { changes: { horizonMs: 30 * dayMs, list, charge: list } });
  api = await startApi({ providers });
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.query(`update reconciliation_runs set status = 'canceled' where status in ('requested', 'running')`);
  api.temporal.ran.length = 0;
  api.temporal.work = async () => undefined;
});

const dayMs = 86_400_000;
const path = '/ops/reconciliations';
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const ask = (body: object, options: object = {}) => api.call('POST', path, { body, ...options });
const aRun = async (body: object = {}) => (await ask({ provider: 'merchant', ...body })).body.id;
const read = async (id: string) => (await api.call('GET', `${path}/${id}`)).body;

async function aDifference(runId: string, columns: { kind: string; status: string; why?: string }): Promise<string> {
  const id = newId('dif');
  await api.query(
    `insert into reconciliation_differences (id, run_id, provider, kind, object_kind, object_id, theirs, status, why, project_id, live)
     values (?, ?, 'merchant', ?, 'charge', ?, '{"amount_minor": 4900, "currency": "USD"}', ?, ?, 'default', false)`,
    [id, runId, columns.kind, `ch_${id}`, columns.status, columns.why ?? null],
  );
  return id;
}

describe('asking for a reconciliation', () => {
  it('writes it, has it started, and answers how it stands', async () => {
    const [from, to] = [ago(2 * dayMs), ago(dayMs)];
    const answer = await ask({ provider: 'merchant', from, to });
    expect(answer).toMatchObject({
      status: 202,
      body: {
        ...{ provider: 'merchant', status: 'requested', phase: 'theirs', from, to, cause: 'request' },
        compared: 0,
      },
    });
    expect(api.temporal.ran).toEqual([`reconciliation/${answer.body.id}`]);
    const audited = await api.query('select action from audit_log where entity_id = ?', [answer.body.id]);
    expect(audited).toEqual([{ action: 'reconciliation.requested' }]);
  });

  it('goes on from the last good one where no window is named', async () => {
    const first = await aRun();
    await api.query(
      `update reconciliation_runs set status = 'succeeded', to_at = now() - interval '3 hours' where id = ?`,
      [first],
    );
    const { to } = await view(first);
    expect((await view(await aRun())).from).toBe(to);
  });

  it('is answered the same when it is repeated, and started once', async () => {
    const headers = { 'idempotency-key': newId('evt') };
    const [one, two] = [
      await ask({ provider: 'merchant' }, { headers }),
      await ask({ provider: 'merchant' }, { headers }),
    ];
    expect(two.body.id).toBe(one.body.id);
    expect(two.headers.get('idempotent-replayed')).toBe('true');
    expect(api.temporal.ran).toHaveLength(1);
  });

  it('is refused while one of the provider is open, and names it; another provider’s may run beside it', async () => {
    const id = await aRun();
    const second = await ask({ provider: 'merchant' });
    expect(second).toMatchObject({ status: 409, body: { code: 'reconciliation_running', reconciliation_id: id } });
    expect((await ask({ provider: 'local' })).status).toBe(202);
  });

  it('stays asked for when the engine is away: the relay starts it', async () => {
    api.temporal.work = () => Promise.reject(new Error('away'));
    expect(await ask({ provider: 'merchant' })).toMatchObject({ status: 202, body: { status: 'requested' } });
  });

  it.each([
    [{ provider: 'world' }, 'provider_account_not_found', '/provider'],
    [{ provider: 'nobody' }, 'provider_account_not_found', '/provider'],
    [{ provider: 'merchant', from: ago(0), to: ago(dayMs) }, 'reconciliation_window_invalid', '/from'],
    [{ provider: 'merchant', from: ago(60 * dayMs) }, 'reconciliation_window_invalid', '/from'],
    [{ provider: 'merchant', to: ago(-dayMs) }, 'reconciliation_window_invalid', '/to'],
    [{ provider: 'merchant', from: 'yesterday' }, 'validation_failed', '/from'],
    [{ provider: 'merchant', since: ago(dayMs) }, 'validation_failed', '/since'],
    [{}, 'validation_failed', '/provider'],
  ])('refuses %o by name, and writes nothing', async (body, code, pointer) => {
    const answer = await ask(body);
    expect(answer.body).toMatchObject({ code, errors: [{ pointer }] });
    expect(await api.query(`select id from reconciliation_runs where status = 'requested'`)).toEqual([]);
  });

  it('refuses a provider that cannot tell what changed', async () => {
    const other = await startApi();
    try {
      const answer = await other.call('POST', path, { body: { provider: 'merchant' } });
      expect(answer.body).toMatchObject({ code: 'not_supported_by_provider', errors: [{ pointer: '/provider' }] });
    } finally {
      await other.close();
    }
  });

  it('needs the scope of operators', async () => {
    for (const [method, to] of [
      ['POST', path],
      ['GET', path],
      ['GET', `${path}/summary`],
      ['POST', `${path}/rec_1/pause`],
    ] as const)
      expect((await api.call(method, to, { key: api.keys.reader })).status).toBe(403);
  });
});

describe('reading a reconciliation', () => {
  it('counts what differed by kind and status, and says how far it is', async () => {
    const id = await aRun();
    await api.query(
      `update reconciliation_runs set status = 'running', phase = 'repair', compared = 1234 where id = ?`,
      [id],
    );
    await aDifference(id, { kind: 'missing_here', status: 'repaired' });
    await aDifference(id, { kind: 'missing_here', status: 'found' });
    await aDifference(id, { kind: 'amount', status: 'queued' });
    expect(await read(id)).toMatchObject({
      ...{ status: 'running', phase: 'repair', compared: 1234, progress_percent: 66 },
      differences: {
        ...{ total: 3, repaired: 1, queued: 1 },
        by_kind: [
          { kind: 'amount', found: 0, repaired: 0, queued: 1 },
          { kind: 'missing_here', found: 1, repaired: 1, queued: 0 },
        ],
      },
      why: 'It mends what differs. 1234 compared, 3 differed: 1 repaired, 1 for a person.',
    });
  });

  it('lists what differed, newest first, page by page and by kind and status', async () => {
    const id = await aRun();
    const made = [
      await aDifference(id, { kind: 'amount', status: 'queued' }),
      await aDifference(id, { kind: 'state', status: 'repaired' }),
      await aDifference(id, { kind: 'state', status: 'found' }),
    ];
    const list = async (query: string) => (await api.call('GET', `${path}/${id}/differences${query}`)).body;
    const page = await list('?limit=2');
    expect(page.data.map((each) => each.id)).toEqual([made[2], made[1]]);
    expect((await list(`?limit=2&cursor=${page.next_cursor}`)).data.map((each) => each.id)).toEqual([made[0]]);
    expect((await list('?kind=state&status=repaired')).data).toMatchObject([
      {
        ...{ id: made[1], reconciliation_id: id, status: 'repaired', entity: null, ours: null },
        theirs: { amount_minor: 4900 },
      },
    ]);
    expect((await list('?kind=wrong')).code).toBe('validation_failed');
  });

  it('gives what differed as CSV that no spreadsheet runs', async () => {
    const id = await aRun();
    const one = await aDifference(id, { kind: 'amount', status: 'queued', why: '=cmd|"a", b' });
    const answer = await api.call('GET', `${path}/${id}/differences.csv?status=queued`);
    expect(answer.headers.get('content-type')).toMatch(/text\/csv/);
    const [header, line, end] = answer.body.text.split('\r\n');
    expect(header).toMatch(/^id,kind,status,object_kind,object_id,/);
    expect(line).toContain(
      `${one},amount,queued,charge,ch_${one},,,,null,"{""currency"":""USD"",""amount_minor"":4900}"`,
    );
    expect(line).toContain(`"'=cmd|""a"", b"`);
    expect(end).toBe('');
  });

  it('lists runs by provider and status', async () => {
    const id = await aRun();
    await api.query(`update reconciliation_runs set status = 'running', paused_at = now() where id = ?`, [id]);
    const list = async (query: string) => (await api.call('GET', `${path}${query}`)).body.data.map((each) => each.id);
    expect(await list('?status=paused')).toEqual([id]);
    expect(await list('?status=running')).toEqual([]);
    expect(await list('?provider=merchant&limit=1')).toEqual([id]);
    expect(await list('?provider=world')).toEqual([]);
  });

  it('is only for the project and mode it is of', async () => {
    const id = await aRun();
    for (const key of [api.keys.other, api.keys.live])
      for (const end of ['', '/differences', '/differences.csv'])
        expect(await api.call('GET', `${path}/${id}${end}`, { key })).toMatchObject({
          ...{ status: 404, body: { code: 'reconciliation_not_found' } },
        });
    expect((await api.call('POST', `${path}/${id}/cancel`, { key: api.keys.other })).status).toBe(404);
  });
});

describe('steering a reconciliation', () => {
  const steer = (id: string, act: string) => api.call('POST', `${path}/${id}/${act}`, { body: {} });
  const set = (columns: string) => async (what: string) =>
    void (await api.query(`update reconciliation_runs set ${columns} where id = ?`, [what.split('/')[1]]));

  it('holds it, lets it go on, and ends it, by its workflow, audited', async () => {
    const id = await aRun();
    await set("status = 'running'")(`x/${id}`);
    api.temporal.work = set('paused_at = now()');
    expect(await steer(id, 'pause')).toMatchObject({ status: 200, body: { status: 'paused' } });
    api.temporal.work = set('paused_at = null');
    expect(await steer(id, 'resume')).toMatchObject({ status: 200, body: { status: 'running' } });
    api.temporal.work = set("status = 'canceled', finished_at = now()");
    expect(await steer(id, 'cancel')).toMatchObject({ status: 200, body: { status: 'canceled' } });
    expect(api.temporal.ran.slice(1)).toEqual([`pause/${id}`, `resume/${id}`, `cancel/${id}`]);
    const audited = await api.query('select action from audit_log where entity_id = ? order by id', [id]);
    expect(audited.slice(1).map(({ action }) => action)).toEqual(
      ['pause', 'resume', 'cancel'].map((act) => `reconciliation.${act}_requested`),
    );
  });

  it('answers 202 while its worker has not answered', async () => {
    const id = await aRun();
    expect((await steer(id, 'pause')).status).toBe(202);
  });

  it('is refused once it has ended', async () => {
    const id = await aRun();
    await set("status = 'succeeded'")(`x/${id}`);
    expect(await steer(id, 'pause')).toMatchObject({ status: 409, body: { code: 'reconciliation_over' } });
    expect(api.temporal.ran).toHaveLength(1);
  });
});

describe('the service level', () => {
  it('is told per provider in the summary and in the metrics', async () => {
    await api.query('delete from reconciliation_differences');
    await api.query('delete from reconciliation_runs');
    const id = await aRun();
    await aDifference(id, { kind: 'amount', status: 'repaired' });
    const succeeded = `status = 'succeeded', phase = 'done', compared = 2000, finished_at = now() - interval '90 seconds'`;
    await api.query(`update reconciliation_runs set ${succeeded} where id = ?`, [id]);
    const open = await aRun();
    await aDifference(open, { kind: 'state', status: 'found' });
    const { data } = (await api.call('GET', `${path}/summary`)).body;
    expect(data).toMatchObject([
      {
        ...{ provider: 'merchant', objective: 0.9999, measured_last: 0.9995, measured_7d: 0.9995, is_met: false },
        ...{ last_success_id: id, open_id: open, open_differences: [{ kind: 'state', count: 1 }], open_reviews: 0 },
      },
      { provider: 'local', measured_7d: null, is_met: null, last_success_at: null, open_id: null },
    ]);
    const metrics = (await api.call('GET', '/metrics')).body.text;
    const labels = 'project="default",mode="test",provider="merchant"';
    expect(metrics).toContain(`billing_reconciliation_agreement_ratio{${labels},window="7d"} 0.9995`);
    expect(metrics).toContain(`billing_reconciliation_open_differences{${labels},kind="state"} 1`);
    expect(metrics).toContain('billing_reconciliation_objective_ratio 0.9999');
    const age = new RegExp(`last_success_age_seconds\\{${labels}\\} (\\d+)`).exec(metrics)?.[1];
    expect(Number(age)).toBeGreaterThanOrEqual(90);
  });
});

async function view(id: string): Promise<{ readonly from: string; readonly to: string }> {
  const [row] = await api.query('select from_at, to_at from reconciliation_runs where id = ?', [id]);
  const iso = (value: unknown) => new Date(String(value)).toISOString();
  return { from: iso(row?.['from_at']), to: iso(row?.['to_at']) };
}
