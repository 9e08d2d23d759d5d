import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { inBatches } from '../clients/in-batches.ts';
import { startIdleWorker } from '../floor/start-floor.ts';
import type { Target } from '../stack/target.ts';

const width = 32;

/** How long as many bare signals to as many idle workflows take, from the first sent until the last was handled. */
export async function measureSignals(target: Target, temporal: Client, count: number): Promise<number> {
  const worker = await startIdleWorker(target.temporal_address, target.temporal_namespace);
  const run = randomUUID().slice(0, 8);
  const ids = Array.from({ length: count }, (_, index) => `bench-idle/${run}/${index}`);
  try {
    await inBatches(ids, width, (workflowId) =>
      temporal.workflow.start('idle', { workflowId, taskQueue: worker.taskQueue }),
    );
    const startMs = performance.now();
    await inBatches(ids, width, (workflowId) => temporal.workflow.getHandle(workflowId).signal('nudge'));
    while ((await worker.heard()) < count) await sleep(100);
    const tookMs = performance.now() - startMs;
    await inBatches(ids, width, (workflowId) => temporal.workflow.getHandle(workflowId).terminate('the bench is over'));
    return tookMs;
  } finally {
    await worker.stop();
  }
}
