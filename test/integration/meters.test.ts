import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { anOrganization } from './subscription-stories.ts';
import { startSystem, type System } from './support.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());

const ops = (method: string, path: string, body?: unknown) =>
  system.api(method, path, body, { authorization: `Bearer ${system.stack.devFile().ops_key}` });

const push = z.object({
  status: z.string(),
  steps: z.array(z.object({ meter: z.string(), provider: z.string(), action: z.string() })),
});
const meter = z.object({ provider_ids: z.record(z.string(), z.string()) });

async function pushMeters(dryRun: boolean): Promise<readonly string[]> {
  const { body } = await ops('POST', '/ops/meters/push', { dry_run: dryRun });
  const { status, steps } = push.parse(body);
  expect(status).toBe('done');
  return steps.map(({ meter: key, provider, action }) => `${provider} ${key} ${action}`).toSorted();
}

it('meters reach every provider that can count so, once, and what cannot be counted there is said', async () => {
  const made = await ops('POST', '/ops/meters', {
    ...{ key: 'peak', name: 'Peak', event_name: 'load', aggregation: 'max', property: 'users', unit: 'user' },
  });
  expect(made.status).toBe(201);
  // The seeded meter is there already; providers without meters are not asked.
  const wanted = ['polar api_calls none', 'polar peak create', 'stripe api_calls none', 'stripe peak not_supported'];
  expect(await pushMeters(true)).toEqual(wanted);
  expect(Object.keys(meter.parse((await ops('GET', '/ops/meters/peak')).body).provider_ids)).toEqual([]);
  expect(await pushMeters(false)).toEqual(wanted);
  expect(Object.keys(meter.parse((await ops('GET', '/ops/meters/peak')).body).provider_ids)).toEqual(['polar']);
  expect(await pushMeters(false)).toEqual(wanted.map((line) => line.replace('create', 'none')));
});

it('what was accepted is in the next answer, and the relay counts it into the rollups', async () => {
  const organizationId = await anOrganization(system);
  const total = async () => {
    const { body } = await system.api('GET', `/billing/usage?organization_id=${organizationId}&meter=api_calls`);
    return z.object({ total: z.string() }).parse(body).total;
  };
  for (const [index, quantity] of ['0.1', '0.2', '1000000000000'].entries()) {
    const event = { organization_id: organizationId, event_name: 'api_call', event_id: `e${index}`, quantity };
    expect((await system.api('POST', '/billing/usage', event)).status).toBe(202);
  }
  expect(await total()).toBe('1000000000000.3');
  const rolled = async () => {
    const sql = 'select sum(events)::integer as events from usage_rollups where organization_id = $1';
    return (await system.db.query<{ events: number | null }>(sql, [organizationId])).rows[0]?.events;
  };
  await expect.poll(rolled, { timeout: 30_000 }).toBe(3);
  expect(await total()).toBe('1000000000000.3');
});
