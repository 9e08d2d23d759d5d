import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startSystem, type CheckoutView, type System } from './support.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 180_000);
afterAll(() => system?.end());

const soon = { timeout: 60_000, interval: 200 };
const path = '/ops/rollouts';
const operate = async (method: string, route: string, body?: object) => {
  const key = system.stack.devFile().ops_key;
  const answer = await system.api(method, route, body, { authorization: `Bearer ${key}` });
  return answer.body as { readonly id: string; readonly status: string; readonly why: string };
};
const buy = (): Promise<CheckoutView> => system.open({ country: 'US', organization_id: `org_${randomUUID()}` });

it('a rollout leads new customers over, lets the old provider step in, and goes back when the new one fails', async () => {
  const { id } = await operate('POST', path, { name: 'leave', from: 'fungies', to: 'polar', stages: [100] });
  const sold = await buy();
  expect(sold).toMatchObject({ provider: 'polar', routing: { rule: 'rollout:leave:treatment' } });
  await system.complete(sold, 'paid');
  await expect.poll(() => system.checkout(sold.checkout_id), soon).toMatchObject({ status: 'paid' });

  await system.fault({ provider: 'polar', operation: 'checkouts.create', kind: 'status', status: 500, rate: 1 });
  for (let count = 0; count < 6; count += 1) expect(await buy()).toMatchObject({ provider: 'fungies' });
  // Let go on, it looks at once.
  await operate('POST', `${path}/${id}/pause`, {});
  await operate('POST', `${path}/${id}/resume`, {});
  await expect.poll(() => operate('GET', `${path}/${id}`), soon).toMatchObject({ status: 'rolled_back' });
  expect((await operate('GET', `${path}/${id}`)).why).toMatch(/6 of the newest 7 openings failed/);

  await system.clearFaults();
  await expect
    .poll(async () => (await buy()) as unknown, soon)
    .toMatchObject({ provider: 'fungies', routing: { rule: 'rollout:leave:rolled_back' } });
});
