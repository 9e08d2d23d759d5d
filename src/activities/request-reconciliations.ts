import { ProjectEntity } from '../db/entities/project.ts';
import { newId } from '../db/new-id.ts';
import { findLastTo, requestRun } from '../db/queries/reconciliations.ts';
import { nextWindow } from '../domain/reconciliation/window.ts';
import type { ActivityDeps } from './deps.ts';

/** A run that was written, and how its workflow starts. */
export interface RequestedRun {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
}

/**
 * Writes a run for every project and mode with an account at a provider that tells what changed, from where the last
 * good one ended. One that is still open is left to go on.
 */
export function createRequestReconciliations(deps: ActivityDeps) {
  return async function requestReconciliations(input: {
    readonly provider: string;
  }): Promise<{ readonly runs: readonly RequestedRun[] }> {
    const { provider } = input;
    const projects = await deps.orm.em.fork().find(ProjectEntity, {}, { fields: ['id'], orderBy: { id: 'asc' } });
    const runs: RequestedRun[] = [];
    for (const { id: projectId } of projects)
      for (const live of [true, false]) {
        const account = await deps.providers.account(projectId, live, provider);
        if (!account?.client.changes) continue;
        const em = deps.orm.em.fork();
        const lastTo = await findLastTo(em, { projectId, live }, provider);
        const { fromMs, toMs } = nextWindow({ lastToMs: lastTo?.getTime() ?? null, nowMs: Date.now() });
        const { run, isNew } = await requestRun(em, {
          ...{ id: newId('rec'), projectId, live, provider, from: new Date(fromMs), to: new Date(toMs) },
          ...{ cause: 'schedule', actor: `schedule:reconciliation/${provider}` },
        });
        if (isNew) runs.push({ id: run.id, projectId, live, provider });
      }
    return { runs };
  };
}
