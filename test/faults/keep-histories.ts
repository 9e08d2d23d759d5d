import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Target } from '../../bench/stack/target.ts';

/** Beside the logs: how the workflows of each checkout that a fault names stand, and their histories. */
export async function keepHistories(target: Target, faults: readonly string[], stateDir: string): Promise<void> {
  const named = new Set(faults.flatMap((fault) => fault.match(/chk_[0-9a-f]{32}/g) ?? []));
  if (named.size === 0) return;
  const dir = join(stateDir, 'histories');
  mkdirSync(dir);
  const connection = await Connection.connect({ address: target.temporal_address });
  try {
    const client = new Client({ connection, namespace: target.temporal_namespace });
    const of = (id: string) => `WorkflowId = 'checkout/${id}' or WorkflowId starts_with 'resolve-stray/${id}/'`;
    const query = [...named].slice(0, 20).map(of).join(' or ');
    for await (const { workflowId } of client.workflow.list({ query })) {
      const handle = client.workflow.getHandle(workflowId);
      const kept = await Promise.all([handle.describe(), handle.fetchHistory()]).then(
        ([{ raw }, { events }]) => ({ task: raw.pendingWorkflowTask, activities: raw.pendingActivities, events }),
        (error: unknown) => ({ error: String(error) }),
      );
      writeFileSync(join(dir, `${workflowId.replaceAll('/', '.')}.json`), JSON.stringify(kept, null, 2));
    }
  } finally {
    await connection.close();
  }
}
