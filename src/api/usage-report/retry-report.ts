import type { UsageReport } from '../../db/entities/usage.ts';
import { retryRejected } from '../../db/queries/usage-reports.ts';
import type { Db } from '../../db/orm.ts';
import { usageReportStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { readReport } from './read-report.ts';

/**
 * Has rejected items decided about and sent again in the report that they are of. 202 with the report; while another
 * report of the project is open, that one sends them.
 *
 * @param input.code Only those that were rejected for this; null: all.
 * @throws {BillingError} `usage_report_nothing_rejected`
 */
export async function retryUsageReport(
  deps: ApiDeps,
  input: { readonly em: Db; readonly caller: Caller; readonly report: UsageReport; readonly code: string | null },
): Promise<Answer> {
  const { em, caller, code } = input;
  const { retried, report } = await retryRejected(em.fork(), input.report, { code, actor: caller.actor });
  const isOpen = report.status === 'requested' || report.status === 'running';
  // An open one may be at what an earlier call asked for, whose answer was lost.
  if (retried === 0 && !isOpen)
    throw refusal(
      'usage_report_nothing_rejected',
      `${report.id} has no rejected item${code === null ? '' : ` with the code ${code}`}.`,
      { details: { usage_report_id: report.id } },
    );
  if (report.status === 'requested')
    await askWorkflow(deps.logger, { usage_report: report.id }, () =>
      deps.temporal.startUsageReport(usageReportStart(report)),
    );
  return { status: 202, body: await readReport(em.fork(), caller, report.id) };
}
