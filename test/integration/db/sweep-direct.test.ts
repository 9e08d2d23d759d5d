import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sweepPaymentMethods } from '../../../src/worker/relay/sweep-payment-methods.ts';
import { sweepSubscriptions } from '../../../src/worker/relay/sweep-subscriptions.ts';
import { startDirectWorld } from './direct-world.ts';

let world: Awaited<ReturnType<typeof startDirectWorld>>;
beforeAll(async () => {
  world = await startDirectWorld();
});
afterAll(() => world?.end());

/** A Temporal that remembers what it started; a second start of the same is refused, as the real one does. */
function aRelay() {
  const started: string[] = [];
  const start = async (name: string, { workflowId }: { workflowId: string }) => {
    if (started.includes(workflowId)) throw new WorkflowExecutionAlreadyStartedError('again', workflowId, name);
    started.push(workflowId);
  };
  const temporal = { workflow: { start } } as unknown as Client;
  const deps = { em: () => world.deps.orm.em.fork(), temporal, logger: pino({ level: 'silent' }) };
  return { started, deps };
}

const longAgo = new Date(Date.now() - 60_000).toISOString();

it('starts direct subscriptions whose API died before the start, once, and no others', async () => {
  await world.reset();
  const forgotten = await world.aSubscription({ created_at: longAgo });
  await world.aSubscription();
  await world.aSubscription({ created_at: longAgo, provider_subscription_id: 'psub_1' });
  await world.aSubscription({ created_at: longAgo, status: 'expired' });
  const opening = JSON.stringify({ generation: 1, sentAt: longAgo, emptyLooks: [], decline: null });
  await world.aSubscription({ created_at: longAgo, opening });
  const { started, deps } = aRelay();
  expect(await sweepSubscriptions(deps)).toBe(1);
  expect(await sweepSubscriptions(deps)).toBe(0);
  expect(started).toEqual([`subscription/${forgotten.subscriptionId}`]);
});

it('starts forgotten payment methods, once, and no others', async () => {
  await world.reset();
  const forgotten = await world.aMethodRow({ created_at: longAgo });
  await world.aMethodRow();
  await world.aMethodRow({ created_at: longAgo, status: 'active', provider_payment_method_id: 'ppm_1' });
  const { started, deps } = aRelay();
  expect(await sweepPaymentMethods(deps)).toBe(1);
  expect(await sweepPaymentMethods(deps)).toBe(0);
  expect(started).toEqual([`payment-method/${forgotten.id}/attach`]);
});
