import { afterAll, beforeAll, expect, it } from 'vitest';
import { paymentMethodWorkflowId, type EntityInput } from '../../src/workflows/messages.ts';
import { attachStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const aRow = () => ({
  ...{ id: `pm_${(count += 1)}`, projectId: 'default', live: false, organizationId: 'org_1', provider: 'acme' },
  version: 1,
});
type Start = ReturnType<typeof attachStart>;
const run = ({ name, ...start }: Start) =>
  world.env.client.workflow.execute<(input: EntityInput) => Promise<unknown>>(name, start);

it('gives a customer who never confirms a day', async () => {
  const row = aRow();
  const lasts: boolean[] = [];
  const fakes: FakeActivities = {
    attachPaymentMethod: async () => ({ status: 'requires_action', isDefault: false }),
    confirmPaymentMethod: async ({ isLast }) => {
      lasts.push(isLast);
      return { status: isLast ? 'failed' : 'requires_action', isDefault: false };
    },
  };
  await world.withActivities(fakes, async () => {
    await run(attachStart(row));
    const waiting = world.env.client.workflow.getHandle(paymentMethodWorkflowId(row.id, 'confirm'));
    expect(await waiting.result()).toEqual({ status: 'failed' });
    const { startTime, closeTime } = await waiting.describe();
    const hours = (Number(closeTime) - Number(startTime)) / 3_600_000;
    expect(hours).toBeGreaterThan(23);
    expect(hours).toBeLessThan(26);
  });
  expect(lasts.filter(Boolean)).toHaveLength(1);
});
