import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { runOpenLoop } from './open-loop.ts';
import type { UpdatePlan, UpdateSample } from './plans.ts';

/** Drives the empty update-with-start, the floor of every checkout. Started by `runUpdateLoad`. */
const planFile = process.argv[2];
if (planFile === undefined) throw new Error('the plan file is missing');
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as UpdatePlan;
const connection = await Connection.connect({ address: plan.address });
const client = new Client({ connection, namespace: plan.namespace });
const run = randomUUID().slice(0, 8);

for (let warmUp = 0; warmUp < 5; warmUp += 1) await sendOne(-1 - warmUp, performance.now());
const samples = await runOpenLoop({ count: plan.count, ratePerSecond: plan.ratePerSecond, send: sendOne });
await connection.close();
// Whoever started this disconnects once it has read them; ending sooner would cut a long message off.
process.send?.(samples);

async function sendOne(index: number, intendedMs: number): Promise<UpdateSample> {
  const startWorkflowOperation = new WithStartWorkflowOperation('empty', {
    workflowId: `bench-empty/${run}/${index}`,
    taskQueue: plan.taskQueue,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
  try {
    await client.workflow.executeUpdateWithStart('opened', { updateId: 'opened', startWorkflowOperation });
    return { ms: performance.now() - intendedMs, error: null };
  } catch (error) {
    return { ms: performance.now() - intendedMs, error: error instanceof Error ? error.message : String(error) };
  }
}
