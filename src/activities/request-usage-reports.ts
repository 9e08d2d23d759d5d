import { newId } from '../db/new-id.ts';
import { listDueReports } from '../db/queries/usage-collect.ts';
import { requestReport } from '../db/queries/usage-reports.ts';
import type { ActivityDeps } from './deps.ts';

/** A report that was written, and how its workflow starts. */
export interface RequestedReport {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
}

/** Writes a report for every project and mode where one is due. One that is still open is left to go on. */
export function createRequestUsageReports(deps: ActivityDeps) {
  return async function requestUsageReports(_input: object): Promise<{ readonly reports: readonly RequestedReport[] }> {
    const reports: RequestedReport[] = [];
    for (const { projectId, live } of await listDueReports(deps.orm.em.fork())) {
      const { report, isNew } = await requestReport(deps.orm.em.fork(), {
        ...{ id: newId('ur'), projectId, live, cause: 'schedule', actor: 'schedule:usage-reports' },
      });
      if (isNew) reports.push({ id: report.id, projectId, live });
    }
    return { reports };
  };
}
