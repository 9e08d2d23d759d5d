import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { usageReport, usageReportItem } from '../../src/api/schemas/usage-report.ts';
import { usageReportScheduleId, usageReportWorkflowId } from '../../src/workflows/messages.ts';
import { startSystem, type System } from './support.ts';

const soon = { timeout: 60_000, interval: 250 };
const patient = { timeout: 150_000, interval: 500 };

/** Nothing is reported but what the tests ask for. */
let system: System;
beforeAll(async () => {
  system = await startSystem();
  await system.temporal.schedule.getHandle(usageReportScheduleId).pause();
}, 120_000);
afterAll(() => system?.end());

const meteringCountries = { polar: 'US', stripe: 'RU' } as const;
type Metering = keyof typeof meteringCountries;

async function subscribed(provider: Metering): Promise<string> {
  const id = `org_${provider}_${randomUUID().slice(0, 8)}`;
  const wish = { organization_id: id, product_id: 'pro', billing_interval: 'monthly' };
  const view = await system.open({ ...wish, country: meteringCountries[provider] });
  expect(view.provider).toBe(provider);
  await system.complete(view, 'paid');
  const find = async () => {
    const { subscription_id: subscription } = await system.checkout(view.checkout_id);
    return subscription && (await system.api('GET', `/billing/subscriptions/${subscription}`)).body;
  };
  await expect.poll(find, soon).toMatchObject({ status: 'active' });
  return id;
}

const reportsPath = '/billing/usage-reports';
const readReport = async (id: string) => usageReport.parse((await system.api('GET', `${reportsPath}/${id}`)).body);
const anId = z.object({ id: z.string() });

async function report() {
  const asked = await system.api('POST', reportsPath, {});
  expect(asked.status).toBe(202);
  return ended(anId.parse(asked.body).id);
}

async function ended(id: string) {
  await expect.poll(async () => (await readReport(id)).status, patient).toMatch(/succeeded|failed/);
  return readReport(id);
}

const items = z.object({ data: z.array(usageReportItem) });
const itemsOf = async (id: string, query: string) =>
  items.parse((await system.api('GET', `${reportsPath}/${id}/items?limit=100&${query}`)).body).data;

async function send(events: readonly object[]): Promise<unknown> {
  return (await system.api('POST', '/billing/usage', { events })).body;
}

async function sendStream(events: readonly object[]): Promise<z.output<typeof progress>> {
  const response = await fetch(`${system.apiUrl}/api/v1/billing/usage/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${system.stack.devFile().secret_key}`, 'content-type': 'application/x-ndjson' },
    body: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  });
  const lines = (await response.text()).trim().split('\n');
  return progress.parse(JSON.parse(lines.at(-1) ?? ''));
}
const progress = z.object({ accepted: z.int(), duplicates: z.int(), rejected: z.int(), done: z.literal(true) });

const usedOf = async (organization: string, meter = 'api_calls') => {
  const query = `organization_id=${organization}&limit=${meter}`;
  return (await system.api('GET', `/billing/access?${query}`)).body;
};

/** What the provider's own interface says it has counted of a meter, from yesterday until tomorrow. */
async function countedThere(provider: Metering, organization: string, meter = 'api_calls'): Promise<number> {
  const { rows } = await system.db.query<{ meter: string; customer: string }>(
    `select at.provider_meter_id as meter, customer.provider_customer_id as customer
     from meters meter join provider_meters at on at.meter_id = meter.id and at.provider = $1
     join provider_customers customer on customer.provider = $1 and customer.organization_id = $2
     where meter.key = $3 and not meter.live and not customer.live`,
    [provider, organization, meter],
  );
  const [row] = rows;
  if (!row) throw new Error(`${meter} was not pushed to ${provider}`);
  const account = z
    .object({ base_url: z.string(), api_key: z.string() })
    .parse(system.stack.devFile().providers[provider]);
  const day = Math.floor(Date.now() / 86_400_000) * 86_400;
  const [from, to] = [day - 86_400, day + 2 * 86_400];
  const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const url =
    provider === 'polar'
      ? `/v1/meters/${row.meter}/quantities?start_timestamp=${iso(from)}&end_timestamp=${iso(to)}&interval=day&customer_id=${row.customer}`
      : `/v1/billing/meters/${row.meter}/event_summaries?customer=${row.customer}&start_time=${from}&end_time=${to}`;
  const response = await fetch(`${account.base_url}${url}`, {
    headers: { authorization: `Bearer ${account.api_key}` },
  });
  const answer = z
    .union([z.object({ total: z.number() }), z.object({ data: z.tuple([z.object({ aggregated_value: z.number() })]) })])
    .parse(await response.json());
  return 'total' in answer ? answer.total : answer.data[0].aggregated_value;
}

const calls = (organization: string, count: number, quantity: string | number = 1) =>
  Array.from({ length: count }, () => ({
    ...{ organization_id: organization, event_name: 'api_call', quantity, event_id: randomUUID() },
  }));

describe('usage, from an app’s event to the providers’ meters', () => {
  let first: string;
  let polar: string;
  let stripe: string;
  const unbilled = `org_${randomUUID()}`;

  it('comes in one by one, in batches and as a stream, each event once, and is seen at once', async () => {
    [polar, stripe] = await Promise.all([subscribed('polar'), subscribed('stripe')]);
    expect((await system.api('PUT', `/billing/organizations/${unbilled}`, { name: 'Free' })).status).toBe(200);
    const ops = { authorization: `Bearer ${system.stack.devFile().ops_key}` };
    const storage = { key: 'storage_peak', name: 'Storage', event_name: 'storage', aggregation: 'max', unit: 'GB' };
    expect((await system.api('POST', '/ops/meters', storage, ops)).status).toBe(201);

    const one = { organization_id: polar, event_name: 'api_call', quantity: '0.75', event_id: 'one' };
    expect(await system.api('POST', '/billing/usage', one)).toMatchObject({ status: 202, body: { reported: false } });
    await system.api('POST', '/billing/usage', one);
    const batch = [...calls(polar, 40), ...calls(stripe, 60, 2), { event_name: 'nothing', organization_id: polar }];
    expect(await send(batch)).toMatchObject({ accepted: 100, duplicates: 0, rejected: [{ index: 100 }] });
    expect(await send(batch)).toMatchObject({ accepted: 0, duplicates: 100 });
    const peaks = [3, 9.5, 4].flatMap((quantity) =>
      [polar, stripe].map((organization) => ({
        ...{ organization_id: organization, event_name: 'storage', quantity, event_id: randomUUID() },
      })),
    );
    const stream = [...calls(polar, 500), ...calls(stripe, 500), ...calls(unbilled, 7), ...peaks];
    expect(await sendStream(stream)).toMatchObject({ accepted: 1_013, duplicates: 0 });
    expect(await usedOf(polar)).toMatchObject({ allowed: true, limit: 10_000, used: 540.75, used_exact: '540.75' });
    expect(await usedOf(stripe)).toMatchObject({ allowed: true, used: 620 });
    expect(await usedOf(polar, 'storage_peak')).toMatchObject({ used: 9.5 });
  }, 120_000);

  it('is told to the providers once, and every event of the report stands somewhere', async () => {
    const done = await report();
    first = done.id;
    expect(done).toMatchObject({
      ...{ status: 'succeeded', received: 1_114, reported: 1_104, rejected: 10, pending: 0, differences: [] },
      meter_events: { received: 1_114, reported: 1_104, rejected: 10, pending: 0 },
    });
    expect(done.rejected_by_code.map(({ provider, code, events }) => ({ provider, code, events }))).toEqual([
      { provider: null, code: 'not_billed', events: 7 },
      { provider: 'stripe', code: 'aggregation_not_supported', events: 3 },
    ]);
    expect(await countedThere('polar', polar)).toBe(540.75);
    expect(await countedThere('stripe', stripe)).toBe(620);
    expect(await countedThere('polar', polar, 'storage_peak')).toBe(9.5);
    const told = await system.db.query('select data from outbound_events where type = $1', ['usage.reported']);
    expect(told.rows).toMatchObject([{ data: { report_id: first, received: 1_114, differences: 0 } }]);
  }, 180_000);

  it('is in the CSV, a line for each item, with the same sums', async () => {
    const response = await fetch(`${system.apiUrl}/api/v1${reportsPath}/${first}.csv`, {
      headers: { authorization: `Bearer ${system.stack.devFile().secret_key}` },
    });
    const [header, ...lines] = (await response.text()).trim().split('\r\n');
    const names = (header ?? '').split(',');
    const cells = lines.map((line) => new Map(line.split(',').map((cell, at) => [names[at], cell])));
    const sum = (countedAs: string) =>
      cells
        .filter((line) => line.get('counted_as') === countedAs)
        .reduce((total, line) => total + Number(line.get('events')), 0);
    expect([sum('reported'), sum('rejected'), sum('pending')]).toEqual([1_104, 10, 0]);
  });

  it('corrects what was told: less is less there, too', async () => {
    const corrections = [polar, stripe].map((organization, index) => ({
      ...{ organization_id: organization, event_name: 'api_call', quantity: '-0.5', event_id: `less_${index}` },
      ...{ corrects: 'base', properties: {} },
    }));
    const bases = [polar, stripe].map((organization) => ({
      ...{ organization_id: organization, event_name: 'api_call', quantity: 5, event_id: 'base' },
    }));
    expect(await send(bases)).toMatchObject({ accepted: 2 });
    expect(await report()).toMatchObject({ status: 'succeeded', received: 2, reported: 2 });
    expect(await send(corrections)).toMatchObject({ accepted: 2 });
    expect(await report()).toMatchObject({ status: 'succeeded', received: 2, reported: 2, differences: [] });
    expect(await countedThere('polar', polar)).toBe(545.25);
    expect(await countedThere('stripe', stripe)).toBe(624.5);
    expect(await usedOf(stripe)).toMatchObject({ used: 624.5 });
  }, 180_000);

  it('is sent again, in the same report, once what kept it from being billed is mended', async () => {
    const wish = { organization_id: unbilled, product_id: 'pro', billing_interval: 'monthly', country: 'US' };
    const view = await system.open(wish);
    await system.complete(view, 'paid');
    const access = async () => usedOf(unbilled);
    await expect.poll(access, soon).toMatchObject({ limit: 10_000 });
    const asked = await system.api('POST', `${reportsPath}/${first}/retry`, { code: 'not_billed' });
    expect(asked).toMatchObject({ status: 202, body: { id: first } });
    expect(await ended(first)).toMatchObject({ status: 'succeeded', received: 1_114, reported: 1_111, rejected: 3 });
    const told = await itemsOf(first, `organization_id=${unbilled}`);
    expect(new Set(told.map(({ status, provider }) => `${status} ${provider}`))).toEqual(new Set(['reported polar']));
    expect(await countedThere('polar', unbilled)).toBe(7);
  }, 180_000);

  it('leaves nothing personal and no event in the report’s history', async () => {
    const history = await system.temporal.workflow.getHandle(usageReportWorkflowId(first)).fetchHistory();
    const text = JSON.stringify(history);
    expect(text).not.toContain('storage_peak');
    expect(text).not.toContain(unbilled);
  });
});
