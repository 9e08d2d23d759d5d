import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Target } from '../../bench/stack/target.ts';

/** Beside the logs: how the workflow of each checkout that a fault names stands, and its history. */
export async function keepHistories(target: Target, faults: readonly string[], stateDir: string): Promise<void> {
  const named = new Set(faults.flatMap((fault) => fault.match(/chk_[0-9a-f]{32}/g) ?? []));
  if (named.size === 0) return;
  const dir = join(stateDir, 'histories');
  mkdirSync(dir);
  const connection = await Connection.connect({ address: target.temporal_address });
  try {
    const client = new Client({ connection, namespace: target.temporal_namespace });
    for (const id of [...named].slice(0, 20)) {
      const handle = client.workflow.getHandle(`checkout/${id}`);
      const kept = await Promise.all([handle.describe(), handle.fetchHistory()]).then(
        ([{ raw }, { events }]) => ({ task: raw.pendingWorkflowTask, activities: raw.pendingActivities, events }),
        (error: unknown) => ({ error: String(error) }),
      );
      writeFileSync(join(dir, `${id}.json`), JSON.stringify(kept, null, 2));
    }
  } finally {
    await connection.close();
  }
}
