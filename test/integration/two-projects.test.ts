import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openTarget, type OpenTarget } from '../../bench/stack/open-target.ts';
import { newId } from '../../src/db/new-id.ts';
import { abilitiesOf, providerIds } from '../../src/providers/accounts.ts';

let opened: OpenTarget;
let db: pg.Pool;
beforeAll(async () => {
  opened = await openTarget({ isOwn: true, print: () => undefined });
  db = new pg.Pool({ connectionString: opened.target.database_url, max: 2 });
}, 120_000);
afterAll(async () => {
  await db.end();
  await opened.close();
});

const answer = z.record(z.string(), z.json());
type Answer = z.output<typeof answer>;

async function ask(
  url: string,
  token: string,
  method: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: Answer }> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  return { status: response.status, body: answer.parse(Array.isArray(parsed) ? { data: parsed } : parsed) };
}

const api = (key: string, method: string, path: string, body?: unknown) =>
  ask(`${opened.target.api_url}/api/v1${path}`, key, method, body);
const sandbox = (method: string, path: string, body?: unknown) =>
  ask(`${opened.target.sandbox_url}/_sandbox/${path}`, opened.target.sandbox_admin_token, method, body);

const accountConfig = z.record(z.string(), z.unknown()).and(z.object({ id: z.string() }));
const environment = z.object({ env: z.record(z.string(), z.string()) });

async function aProject(id: string): Promise<{ readonly key: string; readonly account: string }> {
  const { ops_key: ops } = opened.target;
  expect(
    (await api(ops, 'POST', '/ops/projects', { id, name: id, allowed_origins: ['https://shop.example'] })).status,
  ).toBe(201);
  const scopes = ['billing:read', 'billing:write', 'ops:read', 'ops:write'];
  const made = await api(ops, 'POST', '/ops/keys', { project_id: id, kind: 'secret', name: 'Backend', scopes });
  const webhooks = Object.fromEntries(
    providerIds().map((provider) => [provider, `${opened.target.api_url}/api/v1/webhooks/${provider}/${id}`]),
  );
  const account = accountConfig.parse((await sandbox('POST', 'accounts', { name: id, webhooks })).body);
  const key = z.string().parse(made.body['key']);
  for (const provider of providerIds()) {
    const { env: credentials } = environment.parse(account[provider]);
    const path = `/ops/projects/${id}/accounts/${provider}`;
    expect(await api(key, 'PUT', path, { credentials })).toMatchObject({ status: 201 });
    expect((await api(key, 'POST', `${path}/test`)).body).toMatchObject({ ok: true });
  }
  return { key, account: account.id };
}

async function aPlan(projectId: string): Promise<void> {
  const planId = newId('plan');
  await db.query(
    `insert into plans (id, key, name, kind, project_id) values ($1, 'tea', 'Green tea', 'one_time', $2)`,
    [planId, projectId],
  );
  for (const currency of ['USD', 'MXN'])
    await db.query(
      `insert into prices (id, plan_id, amount_minor, currency, project_id) values ($1, $2, 45000, $3, $4)`,
      [...[newId('price'), planId, currency, projectId]],
    );
}

it('two projects with accounts of their own at the same providers never see each other', async () => {
  const tea = await aProject('tea');
  await aProject('coffee');
  await aPlan('tea');
  const dry = await api(tea.key, 'POST', '/ops/plans/push', {});
  expect(dry.body).toMatchObject({ status: 'done', dry_run: true });
  expect(JSON.stringify(dry.body)).toContain('"create"');
  const pushed = await api(tea.key, 'POST', '/ops/plans/push', { dry_run: false });
  expect(pushed).toMatchObject({ status: 200 });
  const again = await api(tea.key, 'POST', '/ops/plans/push', { dry_run: false });
  expect(JSON.stringify(again.body)).not.toContain('"create"');

  const before = (await sandbox('GET', 'ledger')).body;
  for (const provider of providerIds()) await buy(tea, provider);
  expect((await sandbox('GET', 'ledger')).body).toEqual(before);
  const own = await sandbox('GET', `ledger?account=${tea.account}`);
  expect(z.array(z.json()).parse(own.body['data'])).toHaveLength(providerIds().length);
}, 240_000);

async function buy(project: { readonly key: string; readonly account: string }, provider: string): Promise<void> {
  const { currencies } = abilitiesOf(provider);
  const currency = 'only' in currencies && !currencies.only.includes('USD') ? 'MXN' : 'USD';
  const made = await api(project.key, 'POST', '/billing/checkout', {
    ...{ organization_id: `org_${provider}`, product_id: 'tea', provider, currency },
    ...{
      country: currency === 'MXN' ? 'MX' : 'US',
      email: `buyer-${provider}@example.com`,
      name: 'Ana',
      phone: '+525512345678',
    },
    ...{ success_url: 'https://shop.example/ok', cancel_url: 'https://shop.example/no' },
  });
  expect(made).toMatchObject({ status: 201, body: { provider } });
  const id = z.string().parse(made.body['checkout_id']);
  expect((await api(opened.target.ops_key, 'GET', `/billing/checkouts/${id}`)).status).toBe(404);
  await fetch(z.string().parse(made.body['checkout_url']));
  const completed = await sandbox('POST', `checkouts/${provider}/${id}/complete?account=${project.account}`, {
    outcome: 'paid',
  });
  expect(completed).toMatchObject({ status: 200, body: { result: 'paid' } });
  await expect.poll(async () => (await checkout(project.key, id))['status'], { timeout: 30_000 }).toBe('paid');
}

async function checkout(key: string, id: string): Promise<Answer> {
  return answer.parse((await api(key, 'GET', `/billing/checkouts/${id}`)).body);
}
