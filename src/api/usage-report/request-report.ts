import { findReport, requestReport } from '../../db/queries/usage-reports.ts';
import type { Db } from '../../db/orm.ts';
import { usageReportStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { readReport } from './read-report.ts';

/** Writes a report that shall begin and has its workflow started; while the engine is away, the relay starts it later. */
export async function requestUsageReport(
  deps: ApiDeps,
  { em, caller, id }: { readonly em: Db; readonly caller: Caller; readonly id: string },
): Promise<Answer> {
  const { projectId, live, actor } = caller;
  if ((await findReport(em, caller, id)) === null) {
    const { report, isNew } = await requestReport(em.fork(), { id, projectId, live, cause: 'request', actor });
    if (!isNew)
      throw refusal('usage_report_running', `${report.id} is not over. What comes in now is in the next one.`, {
        details: { usage_report_id: report.id },
      });
    await askWorkflow(deps.logger, { usage_report: id }, () =>
      deps.temporal.startUsageReport(usageReportStart(report)),
    );
  }
  return { status: 202, body: await readReport(em.fork(), caller, id) };
}
