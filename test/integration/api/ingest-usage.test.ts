import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { eventKey, insertUsageEvents } from '../../../src/db/queries/usage-events.ts';
import { startApi, type Called, type TestApi } from './support.ts';

let api: TestApi;
const organization = 'org_metered';

beforeAll(async () => {
  api = await startApi();
  for (const [project, live] of [
    ['default', false],
    ['default', true],
    ['other', false],
  ] as const) {
    await api.query(
      `insert into meters (id, key, name, event_name, aggregation, limit_behavior, when_unreadable, status, project_id, live)
       values (?, 'api_calls', 'API calls', 'api_call', 'sum', 'soft', 'open', 'archived', ?, ?) returning id`,
      [newId('mtr'), project, live],
    );
    await addOrganization(organization, project, live);
  }
});
afterAll(() => api.close());

async function addOrganization(id: string, project = 'default', live = false): Promise<void> {
  await api.query('insert into organizations (project_id, live, id) values (?, ?, ?) returning id', [
    project,
    live,
    id,
  ]);
}

const anEvent = (more: Record<string, unknown> = {}) => ({
  ...{ organization_id: organization, event_name: 'api_call', event_id: `evt_${randomUUID()}` },
  ...more,
});
const send = (body: unknown, options: Parameters<TestApi['call']>[2] = {}) =>
  api.call('POST', '/billing/usage', { body, ...options });
const stored = (eventId: unknown) =>
  api.query(
    `select project_id, live, organization_id, event_name, quantity::text, properties, corrects, occurred_at
     from usage_events where event_id = ? order by project_id, live`,
    [eventId],
  );

describe('one event', () => {
  it('is stored exactly, and counts once for ever', async () => {
    const timestamp = new Date(Date.now() - 3_600_000).toISOString();
    const quantity = '12345678901234567890.123456789012';
    const properties = { region: 'eu', big: true, note: '✓ "x"' };
    const sent = anEvent({ quantity, timestamp, properties });
    const first = await send(sent);
    const { event_id, event_name } = sent;
    expect(first).toMatchObject({ status: 202 });
    expect(first.body).toEqual({ event_id, event_name, quantity, reported: false });
    const again = await send({ ...sent, quantity: 7 });
    expect(again.status).toBe(202);
    expect(again.body).toMatchObject({ event_id, duplicate: true });
    const rows = await stored(sent.event_id);
    expect(rows).toMatchObject([{ organization_id: organization, quantity, properties, corrects: null }]);
    expect(new Date(String(rows[0]?.['occurred_at'])).toISOString()).toBe(timestamp);
  });

  it('without id and quantity gets both', async () => {
    const { event_id: _, ...sent } = anEvent();
    const { body } = await send(sent);
    expect(body).toMatchObject({ event_id: expect.stringMatching(/^ue_[0-9a-f]{32}$/), quantity: 1, reported: false });
  });

  it('of the same id is another one elsewhere', async () => {
    const sent = anEvent();
    const other = `org_${randomUUID()}`;
    await addOrganization(other);
    const ways = [
      await send(sent),
      await send({ ...sent, organization_id: other }),
      await send(sent, { key: api.keys.live }),
      await send(sent, { key: api.keys.other }),
    ];
    for (const { status, body } of ways)
      expect([status, body]).toEqual([202, expect.not.objectContaining({ duplicate: true })]);
    expect(await stored(sent.event_id)).toHaveLength(4);
  });

  it('sent from many connections at once is accepted once', async () => {
    const sent = anEvent();
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, () => send(sent)),
      ...Array.from({ length: 10 }, () => send({ events: [anEvent(), sent, sent] })),
    ]);
    const fresh = answers.reduce((sum, { body }) => sum + acceptedOf(body), 0);
    expect(fresh).toBe(1 + 10);
    expect(await stored(sent.event_id)).toHaveLength(1);
  });

  it.each([
    [{ event_name: 'nothing' }, 422, 'event_name_unknown', '/event_name'],
    [{ organization_id: 'org_nobody' }, 404, 'organization_not_found', '/organization_id'],
    [{ organization_id: undefined }, 422, 'organization_required', '/organization_id'],
    [{ quantity: -1 }, 422, 'validation_failed', '/quantity'],
    [{ quantity: 1e30 }, 422, 'validation_failed', '/quantity'],
    [{ extra: 1 }, 422, 'validation_failed', '/extra'],
    [{ timestamp: '2030-01-01T00:00:00Z' }, 422, 'timestamp_in_future', '/timestamp'],
    [{ corrects: 'evt_never', quantity: -1 }, 422, 'corrected_event_not_found', '/corrects'],
    [{ properties: { note: '5555 5555 5555 4444' } }, 422, 'card_data_refused', '/properties/note'],
    [{ properties: { note: 'x'.repeat(5_000_000) } }, 422, 'validation_failed', '/properties/note'],
  ])('that is wrong, %#, is refused by name and not stored', async (more, status, code, pointer) => {
    const sent = anEvent(more);
    const refused = await send(sent);
    expect(refused).toMatchObject({ status, body: { code, errors: [{ pointer }] } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(await stored(sent.event_id)).toEqual([]);
    expect(JSON.stringify(refused.body) + api.logs.join('')).not.toContain('5555 5555');
  });

  it('is known by Idempotency-Key where it has no id', async () => {
    const { event_id: _, ...sent } = anEvent({ quantity: 3 });
    const key = { headers: { 'idempotency-key': randomUUID() } };
    const first = await send(sent, key);
    const again = await send(sent, key);
    expect(again.body).toMatchObject({ event_id: first.body.event_id, duplicate: true });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await send({ ...sent, quantity: 4 }, key)).body.code).toBe('idempotency_key_reused');
    const bad = await send(sent, { headers: { 'idempotency-key': 'k'.repeat(256) } });
    expect(bad).toMatchObject({ status: 422, body: { code: 'idempotency_key_invalid' } });
  });
});

describe('a batch', () => {
  it('takes what is right and names the rest by index', async () => {
    const known = anEvent();
    await send(known);
    const right = anEvent({ quantity: '0.5' });
    const { event_id: _, ...nameless } = anEvent();
    const { body, status } = await send({
      events: [
        anEvent({ quantity: -1 }),
        right,
        anEvent({ quantity: 'NaN' }),
        anEvent({ quantity: 1e30 }),
        anEvent({ organization_id: 'org_nobody' }),
        anEvent({ event_name: 'nothing' }),
        known,
        anEvent({ timestamp: 'soon' }),
        anEvent({ properties: { blob: 'x'.repeat(5_000_000) } }),
        right,
        'text',
        anEvent({ properties: ['a'] }),
        nameless,
        anEvent({ properties: { pan: 4242424242424242 } }),
      ],
    });
    expect(status).toBe(202);
    const rejected = (index: number, code: string, field: string) => ({
      index,
      code,
      detail: expect.stringContaining(field),
    });
    expect(body).toEqual({
      accepted: 2,
      duplicates: 2,
      rejected: [
        rejected(0, 'validation_failed', 'quantity'),
        rejected(2, 'validation_failed', 'quantity'),
        rejected(3, 'validation_failed', 'quantity'),
        rejected(4, 'organization_not_found', 'organization_id'),
        rejected(5, 'event_name_unknown', 'event_name'),
        rejected(7, 'validation_failed', 'timestamp'),
        rejected(8, 'validation_failed', 'properties/blob'),
        rejected(10, 'validation_failed', 'event'),
        rejected(11, 'validation_failed', 'properties'),
        rejected(13, 'card_data_refused', 'properties/pan'),
      ],
      made: [{ index: 12, event_id: expect.stringMatching(/^ue_/) }],
    });
    expect(await stored(right.event_id)).toMatchObject([{ quantity: '0.5' }]);
  });

  it('names its organization once, and per event where it differs', async () => {
    const other = `org_${randomUUID()}`;
    await addOrganization(other);
    const [mine, theirs] = [anEvent({ organization_id: undefined }), anEvent({ organization_id: other })];
    const { body } = await send({ organization_id: organization, events: [mine, theirs] });
    expect(body).toMatchObject({ accepted: 2 });
    expect(await stored(mine.event_id)).toMatchObject([{ organization_id: organization }]);
    expect(await stored(theirs.event_id)).toMatchObject([{ organization_id: other }]);
  });

  it('of none, too many or too much is refused whole', async () => {
    for (const events of [[], Array.from({ length: 1_001 }, () => anEvent())])
      expect(await send({ events })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/events' }] } });
    const large = anEvent({ properties: { blob: 'x'.repeat(9_000_000) } });
    expect(await send({ events: [large] })).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    expect(await send(null, { raw: '{"events":[' })).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
  });

  it('stores a thousand, a second time nothing, and beside each other without waiting for ever', async () => {
    const events = Array.from({ length: 1_000 }, () => anEvent());
    const answers = await Promise.all([send({ events }), send({ events: events.toReversed() })]);
    expect(answers.reduce((sum, { body }) => sum + acceptedOf(body), 0)).toBe(1_000);
    expect((await send({ events })).body).toMatchObject({ accepted: 0, duplicates: 1_000, rejected: [] });
  });

  it('from two processes at once is accepted once', async () => {
    const scope = { projectId: 'default', live: false };
    const rows = Array.from({ length: 500 }, () => {
      const event = { organizationId: organization, eventId: randomUUID(), eventName: 'api_call', quantity: '1' };
      const rest = { properties: null, corrects: null, occurredAtMs: Date.now() };
      return { key: eventKey(scope, organization, event.eventId), scope, event: { ...event, ...rest } };
    });
    const orms = await Promise.all([openOrm(api.databaseUrl), openOrm(api.databaseUrl)]);
    const results = await Promise.all(
      orms.map(({ em }, index) => insertUsageEvents(em, index === 0 ? rows : rows.toReversed())),
    );
    await Promise.all(orms.map((orm) => orm.close()));
    expect(results.reduce((sum, fresh) => sum + (fresh?.size ?? rows.length), 0)).toBe(rows.length);
  });
});

describe('a correction', () => {
  it('stands beside the event, at its time, and may be repeated', async () => {
    const timestamp = new Date(Date.now() - 86_400_000).toISOString();
    const [event, correction] = [anEvent({ quantity: 10, timestamp }), anEvent({ quantity: '-2.5' })];
    await send(event);
    const sent = { ...correction, corrects: event.event_id };
    expect((await send(sent)).body).toMatchObject({ quantity: '-2.5' });
    expect((await send(sent)).body).toMatchObject({ duplicate: true });
    const [row, ...others] = await stored(correction.event_id);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ quantity: '-2.5', corrects: event.event_id });
    expect(new Date(String(row?.['occurred_at'])).toISOString()).toBe(timestamp);
  });

  it('may come in one batch with its event, and names what it cannot correct', async () => {
    const event = anEvent({ quantity: 10 });
    const correct = (more: Record<string, unknown>) => anEvent({ quantity: -1, corrects: event.event_id, ...more });
    const other = `org_${randomUUID()}`;
    await addOrganization(other);
    const good = correct({});
    const { body } = await send({
      events: [
        good,
        event,
        correct({ corrects: 'evt_never' }),
        correct({ organization_id: other }),
        correct({ corrects: good.event_id }),
        good,
      ],
    });
    expect(body).toMatchObject({
      ...{ accepted: 2, duplicates: 1 },
      rejected: [2, 3, 4].map((index) => ({ index, code: 'corrected_event_not_found' })),
    });
    expect(await stored(good.event_id)).toHaveLength(1);
  });
});

describe('who may write usage', () => {
  const sessionOf = async (organizationId: string, permissions: readonly string[]) => {
    const { body } = await api.call('POST', '/billing/sessions', {
      body: { organization_id: organizationId, permissions },
    });
    return { key: api.keys.publishable, headers: { 'plinto-session': body.session_token } };
  };

  it('is a secret key with the scope, and never a publishable key alone', async () => {
    for (const key of [api.keys.publishable, api.keys.reader])
      for (const path of ['/billing/usage', '/billing/usage/import'])
        expect(await api.call('POST', path, { key, body: anEvent() })).toMatchObject({
          status: 403,
          body: { code: 'insufficient_scope' },
        });
    expect((await send(anEvent(), { key: null })).status).toBe(401);
  });

  it('is a session with the permission, for its organization alone', async () => {
    const mine = `org_${randomUUID()}`;
    const session = await sessionOf(mine, ['usage']);
    const nameless = anEvent({ organization_id: undefined });
    expect((await send(nameless, session)).status).toBe(202);
    expect(await stored(nameless.event_id)).toMatchObject([{ organization_id: mine }]);
    expect(await send(anEvent(), session)).toMatchObject({ status: 404, body: { code: 'organization_not_found' } });
    const { body } = await send({ events: [anEvent(), anEvent({ organization_id: mine })] }, session);
    expect(body).toMatchObject({ accepted: 1, rejected: [{ index: 0, code: 'organization_not_found' }] });
    const reader = await sessionOf(mine, ['read', 'manage']);
    expect(await send(nameless, reader)).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
  });

  it('may be a browser of one of the project’s origins', async () => {
    const preflight = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      return (await api.call('OPTIONS', '/billing/usage', { key: null, headers })).headers;
    };
    expect((await preflight('https://app.example')).get('access-control-allow-origin')).toBe('https://app.example');
    expect((await preflight('https://evil.example')).get('access-control-allow-origin')).toBeNull();
  });
});

describe('CloudEvents', () => {
  const cloudEvent = (more: Record<string, unknown> = {}) => ({
    ...{ specversion: '1.0', id: `evt_${randomUUID()}`, source: '/api', type: 'api_call', subject: organization },
    ...more,
  });
  const post = (body: unknown, type: string, headers: Record<string, string> = {}) =>
    send(body, { headers: { 'content-type': type, ...headers } });

  it('are events, in every form', async () => {
    const one = cloudEvent({ data: { quantity: '2.5', region: 'eu' } });
    expect((await post(one, 'application/cloudevents+json')).body).toEqual({
      ...{ event_id: one.id, event_name: 'api_call', quantity: '2.5', reported: false },
    });
    expect(await stored(one.id)).toMatchObject([{ quantity: '2.5', properties: { region: 'eu' } }]);
    const [two, bad] = [cloudEvent(), cloudEvent({ type: 'nothing' })];
    expect((await post([one, two, bad], 'application/cloudevents-batch+json')).body).toEqual({
      ...{ accepted: 1, duplicates: 1 },
      rejected: [{ index: 2, code: 'event_name_unknown', detail: expect.stringContaining('type') }],
    });
    const headers = { 'ce-specversion': '1.0', 'ce-id': randomUUID(), 'ce-source': '/api', 'ce-type': 'api_call' };
    const binary = await post({ quantity: 4 }, 'application/json', { ...headers, 'ce-subject': organization });
    expect(binary.body).toMatchObject({ event_id: headers['ce-id'], quantity: 4 });
    expect(await post(bad, 'application/cloudevents+json')).toMatchObject({
      status: 422,
      body: { code: 'event_name_unknown', errors: [{ pointer: '/type' }] },
    });
  });
});

describe('an import', () => {
  const importLines = async (raw: string, query = ''): Promise<Record<string, unknown>[]> => {
    const { body } = await api.call('POST', `/billing/usage/import${query}`, {
      raw,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    return body.text === undefined ? [{ ...body }] : parseLines(body.text);
  };

  it('tells how far it is, what is wrong, and when it is done', async () => {
    const events = Array.from({ length: 2_500 }, () => anEvent({ organization_id: undefined }));
    const lines = events.map((event) => JSON.stringify(event));
    lines.splice(1_200, 0, 'not json', '', JSON.stringify(anEvent({ quantity: -1 })), 'x'.repeat(100_000));
    const told = await importLines(lines.join('\n'), `?organization_id=${organization}`);
    expect(told.filter((line) => 'line' in line)).toEqual([
      { line: 1_201, code: 'invalid_json', detail: expect.any(String) },
      { line: 1_203, code: 'validation_failed', detail: expect.stringContaining('quantity') },
      { line: 1_204, code: 'validation_failed', detail: expect.stringContaining('bytes') },
    ]);
    const steps = told.filter((line) => 'accepted' in line);
    expect(steps.map(({ accepted }) => accepted)).toEqual([1_000, 1_997, 2_500, 2_500]);
    const last = { lines: 2_504, accepted: 2_500, duplicates: 0, rejected: 3, done: true };
    expect(told.at(-1)).toEqual(last);
    const again = await importLines(lines.join('\n'), `?organization_id=${organization}`);
    expect(again.at(-1)).toEqual({ ...last, accepted: 0, duplicates: 2_500 });
  });

  it('that breaks off keeps what was committed, and sent again counts nothing twice', async () => {
    const events = Array.from({ length: 3_000 }, () => anEvent());
    const lines = events.map((event) => `${JSON.stringify(event)}\n`);
    const aborted = new AbortController();
    const sending = async function* () {
      yield lines.slice(0, 1_500).join('');
      // The rest never comes.
      await new Promise((resolve) => aborted.signal.addEventListener('abort', resolve));
    };
    const response = await fetch(`${api.url}/api/v1/billing/usage/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.keys.secret}` },
      body: ReadableStream.from(sending()).pipeThrough(new TextEncoderStream()),
      duplex: 'half',
      signal: aborted.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    expect(parseLines(String(first?.value))).toEqual([{ lines: 1_000, accepted: 1_000, duplicates: 0, rejected: 0 }]);
    aborted.abort();
    const again = await importLines(lines.join(''));
    const { accepted, duplicates } = again.at(-1) ?? {};
    expect(Number(accepted) + Number(duplicates)).toBe(3_000);
    expect(Number(duplicates)).toBeGreaterThanOrEqual(1_000);
    const ids = events.map(({ event_id }) => event_id);
    const [row] = await api.query('select count(*)::int as n from usage_events where event_id in (?)', [ids]);
    expect(row).toEqual({ n: 3_000 });
  });

  it('of nothing is done at once, and is refused whole where it is not meant', async () => {
    expect((await importLines('\n')).at(-1)).toMatchObject({ lines: 0, done: true });
    expect(await importLines('', '?organization=x')).toMatchObject([{ code: 'validation_failed' }]);
  });
});

const parseLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** How many of a single's or a batch's events are new. */
const acceptedOf = (body: Called['body']) => body.accepted ?? (body.duplicate ? 0 : 1);
