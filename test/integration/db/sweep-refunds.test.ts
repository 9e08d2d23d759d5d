import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { sweepRefunds } from '../../../src/worker/relay/sweep-refunds.ts';
import { aPayment, openMoneyWorld, type MoneyWorld } from './money-support.ts';
import { recordPayment } from '../../../src/activities/record-money.ts';

let world: MoneyWorld;
beforeAll(async () => {
  world = await openMoneyWorld();
});
afterAll(() => world?.close());

async function aRefund(status: string, age: string): Promise<string> {
  const checkoutId = await world.aCheckout();
  const owner = {
    ...{ projectId: 'p', live: false, organizationId: 'org_1', provider: 'merchant' },
    ...{ checkoutId, subscriptionId: null },
  };
  const payment = await world.orm.em.fork().transactional((tx) => recordPayment(tx, owner, aPayment(), null, null));
  const id = newId('re');
  await world.query(
    `insert into refunds (id, payment_id, provider, status, amount_minor, currency, project_id, live, organization_id, created_at)
     values (?, ?, 'merchant', ?, 100, 'USD', 'p', false, 'org_1', now() - ?::interval)`,
    [id, payment.id, status, age],
  );
  return id;
}

it('starts refunds that nobody has begun, or nobody follows, and leaves the rest alone', async () => {
  const forgotten = await aRefund('requested', '1 minute');
  const unknown = await aRefund('unknown', '1 hour');
  const followed = await aRefund('unknown', '2 hours');
  await aRefund('requested', '1 second');
  await aRefund('succeeded', '1 day');
  const started: string[] = [];
  const workflow = {
    async start(name: string, options: { workflowId: string; taskQueue: string }) {
      if (options.workflowId === `refund/${followed}`)
        throw new WorkflowExecutionAlreadyStartedError('runs', options.workflowId, name);
      started.push(`${name} ${options.workflowId}`);
    },
  };
  const temporal = { workflow } as unknown as Client;
  const deps = { em: () => world.orm.em.fork(), temporal, logger: pino({ level: 'silent' }) };
  expect(await sweepRefunds(deps)).toBe(2);
  expect(started).toEqual([`refundPayment refund/${unknown}`, `refundPayment refund/${forgotten}`]);
});
