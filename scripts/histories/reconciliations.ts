import { z } from 'zod';
import {
  reconciliationScheduleId,
  reconciliationWorkflowId,
  subscriptionWorkflowId,
} from '../../src/workflows/messages.ts';
import { bought } from '../../test/integration/subscription-stories.ts';
import type { System } from '../../test/integration/support.ts';
import { paidCheckout } from './checkouts.ts';
import { moment, newest, operate, type Story } from './story.ts';

const run = z.looseObject({ id: z.string() });

/** A payment is missing here, and a subscription's workflow is lost: both are found and mended. */
const mended: Story = async (at) => {
  const { checkout_id: id } = await paidCheckout(at);
  await at.db.query('update orders set payment_id = null where checkout_id = $1', [id]);
  const { rows } = await at.db.query<{ provider: string }>(
    'delete from payments where checkout_id = $1 returning provider',
    [id],
  );
  const subscriptionId = await bought(at, {});
  await at.temporal.workflow.getHandle(await begun(at, subscriptionWorkflowId(subscriptionId))).terminate('a story');
  await at.db.query(`update subscriptions set created_at = now() - interval '1 minute' where id = $1`, [
    subscriptionId,
  ]);
  const asked: string[] = [];
  for (const provider of new Set([rows[0]?.provider ?? 'none', 'stripe']))
    asked.push(run.parse(await operate(at, 'POST', '/ops/reconciliations', { provider })).id);
  for (const each of asked) await at.temporal.workflow.getHandle(reconciliationWorkflowId(each)).result();
  return Object.fromEntries(
    asked.map((each, index) => [`reconcile-mended-${index + 1}`, reconciliationWorkflowId(each)]),
  );
};

/** Its row is there a moment before it. */
async function begun(at: System, workflowId: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (
      await at.temporal.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => null)
    )
      return workflowId;
    await moment();
  }
  throw new Error(`${workflowId} was never started`);
}

/** Held, then ended by an operator. */
const canceled: Story = async (at) => {
  const { id } = run.parse(await operate(at, 'POST', '/ops/reconciliations', { provider: 'stripe' }));
  await operate(at, 'POST', `/ops/reconciliations/${id}/pause`, {});
  await operate(at, 'POST', `/ops/reconciliations/${id}/cancel`, {});
  return { 'reconcile-canceled': reconciliationWorkflowId(id) };
};

const scheduled: Story = async (at) => {
  await at.temporal.schedule.getHandle(reconciliationScheduleId('stripe')).trigger();
  const started = await newest(at, 'reconcileAccounts');
  await moment();
  return { 'reconcile-accounts': started };
};

export const reconciliationStories: readonly Story[] = [mended, canceled, scheduled];
