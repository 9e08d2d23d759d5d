import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startSystem, type System } from './support.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());

const one = z.looseObject({ id: z.string(), status: z.string().optional() });
const grants = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      status: z.string(),
      provider: z.string().nullable(),
      problem: z.string().nullable(),
      properties: z.record(z.string(), z.unknown()),
    }),
  ),
});
const push = z.object({
  status: z.string(),
  benefits: z.array(z.object({ provider: z.string(), action: z.string() })),
});

const ops = (method: string, path: string, body?: unknown) =>
  system.api(method, path, body, { authorization: `Bearer ${system.stack.devFile().ops_key}` });

async function define(type: string, properties: object): Promise<string> {
  const made = await ops('POST', '/ops/benefits', { type, description: `A ${type}`, properties });
  expect(made.status).toBe(201);
  return one.parse(made.body).id;
}

async function pushPlans(dryRun: boolean): Promise<readonly string[]> {
  const { body } = await ops('POST', '/ops/plans/push', { dry_run: dryRun });
  expect(body).toMatchObject({ status: 'done' });
  const report = push.parse(body);
  return report.benefits.map(({ provider, action }) => `${provider} ${action}`);
}

const held = async (organizationId: string) =>
  grants.parse((await system.api('GET', `/billing/benefits?organization_id=${organizationId}`)).body).data;

/** As if whoever planned them had died: the sweep does not wait for its time. */
const forgetGrants = () => system.db.query(`update benefit_grants set updated_at = now() - interval '15 minutes'`);

it('a plan brings its benefits: by the provider where it has them, else by ourselves, and the app may ask', async () => {
  const benefitIds = [
    await define('license_keys', { prefix: 'KIT', activation_limit: 1 }),
    await define('meter_credit', { meter: 'api_calls', units: 500 }),
  ];
  await ops('PUT', '/ops/plans/pro/benefits', { benefit_ids: benefitIds });
  expect(await pushPlans(true)).toEqual(['polar create', 'polar create', 'polar none']);
  expect(await pushPlans(false)).toEqual(['polar create', 'polar not_offered', 'polar update']);
  expect(await pushPlans(true)).toEqual(['polar none', 'polar create', 'polar none']);

  const view = await system.open({ product_id: 'pro', billing_interval: 'monthly', country: 'US' });
  expect(view.provider).toBe('polar');
  await system.complete(view, 'paid');
  await expect.poll(async () => (await system.checkout(view.checkout_id)).status, { timeout: 20_000 }).toBe('paid');
  const sql = 'select organization_id from checkouts where id = $1';
  const { rows } = await system.db.query<{ organization_id: string }>(sql, [view.checkout_id]);
  const organizationId = rows[0]?.organization_id ?? '';
  await expect.poll(async () => (await held(organizationId)).length, { timeout: 10_000 }).toBe(2);
  await forgetGrants();
  const statuses = async () => (await held(organizationId)).map((grant) => `${grant.type} ${grant.status}`).toSorted();
  await expect.poll(statuses, { timeout: 40_000 }).toEqual(['license_keys granted', 'meter_credit granted']);

  const limit = await system.api('GET', `/billing/access?organization_id=${organizationId}&limit=api_calls`);
  expect(limit.body).toMatchObject({ allowed: true, plan: 'pro', limit: 10_500 });
  const license = (await held(organizationId)).find(({ type }) => type === 'license_keys');
  expect(license).toMatchObject({ provider: 'polar', problem: null });
  const key = String(license?.properties['license_key']);
  const publishable = { authorization: `Bearer ${system.stack.devFile().publishable_key}` };
  const use = (act: string, body: object) =>
    system.api('POST', `/billing/license-keys/${act}`, { key, ...body }, publishable);
  expect((await use('validate', {})).body).toMatchObject({ valid: true, activation_limit: 1 });
  const activated = await use('activate', { label: 'a laptop' });
  expect(activated.status).toBe(201);
  expect((await use('activate', { label: 'another' })).body).toMatchObject({ code: 'license_activation_refused' });
  const { activation_id } = z.object({ activation_id: z.string() }).parse(activated.body);
  expect((await use('deactivate', { activation_id })).status).toBe(200);
}, 120_000);

it('a benefit is given without a purchase, and taken back, by a workflow', async () => {
  const id = await define('feature_flag', { feature: 'beta' });
  const body = { organization_id: 'org_given' };
  const made = await ops('POST', `/ops/benefits/${id}/grants`, body);
  expect(made).toMatchObject({ status: 201, body: { status: 'granted', provider: null } });
  const allowed = async () => (await system.api('GET', '/billing/access?organization_id=org_given&feature=beta')).body;
  expect(await allowed()).toMatchObject({ allowed: true, reason: 'benefit_granted' });
  const back = await ops('DELETE', `/ops/benefits/${id}/grants/${one.parse(made.body).id}`);
  expect(back).toMatchObject({ status: 200, body: { status: 'revoked' } });
  expect(await allowed()).toMatchObject({ allowed: false, reason: 'benefit_revoked' });
}, 60_000);
