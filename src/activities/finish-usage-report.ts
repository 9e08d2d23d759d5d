import { LockMode } from '@mikro-orm/core';
import { UsageReportEntity, type UsageReport } from '../db/entities/usage.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { countByProvider, countItems } from '../db/queries/usage-report-breakdown.ts';
import { countReport } from '../db/queries/usage-reports.ts';
import { usageReportedData, type ReportedUsage } from '../domain/usage/reported-event.ts';
import type { UsageCounts, UsageReportStatus } from '../domain/usage/report.ts';
import type { UsageReportRef } from './begin-usage-report.ts';
import type { ActivityDeps } from './deps.ts';
import { recordEvent } from './record-event.ts';

export interface FinishUsageReportInput extends UsageReportRef {
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** Moves a report on to the comparison: everybody was told what could be told. Safe to repeat. */
export function createEnterUsageComparison(deps: ActivityDeps) {
  return async function enterUsageComparison({ projectId, live, reportId: id }: UsageReportRef): Promise<void> {
    await deps.orm.em
      .fork()
      .nativeUpdate(
        UsageReportEntity,
        { id, projectId, live, status: 'running', phase: 'send' },
        { phase: 'compare', differences: [], updatedAt: new Date() },
      );
  };
}

/** Ends a report in its row, audited, and tells the app. One that has ended stays as it did. */
export function createFinishUsageReport(deps: ActivityDeps) {
  return async function finishUsageReport(
    input: FinishUsageReportInput,
  ): Promise<{ readonly status: UsageReportStatus; readonly counts: UsageCounts }> {
    const { projectId, live, reportId: id, failure } = input;
    return deps.orm.em.fork().transactional(async (tx) => {
      const report = await tx.findOneOrFail(
        UsageReportEntity,
        { id, projectId, live },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      const counts = await countReport(tx, id);
      if (report.status !== 'running') return { status: report.status, counts };
      const status = failure === null ? 'succeeded' : 'failed';
      tx.assign(report, {
        ...{ status, finishedAt: new Date() },
        ...(failure === null && { phase: 'done' as const }),
        ...(failure !== null && { failureCode: failure.code, failureDetail: { message: failure.message } }),
        // What it had not come to is the next one's.
        ...(report.phase === 'collect' && { toXid: report.cursor }),
      });
      await tx.flush(); // its version
      await tell(tx, report, { status, counts });
      return { status, counts };
    });
  };
}

async function tell(
  tx: Db,
  report: UsageReport,
  { status, counts }: Pick<ReportedUsage, 'status' | 'counts'>,
): Promise<void> {
  const { id, projectId, live, version, differences } = report;
  const { received, reported, rejected, pending } = counts;
  const providers = countByProvider(await countItems(tx, [id]));
  recordAudit(tx, {
    ...{ projectId, live, actor: `usage-report/${id}`, action: `usage_report.${status}` },
    ...{ entityKind: 'usage_report', entityId: id },
    detail: `${received} events: ${reported} reported, ${rejected} rejected, ${pending} pending`,
    after: { status, ...counts, differences: differences?.length ?? null },
  });
  await recordEvent(tx, {
    ...{ projectId, live, organizationId: null, type: 'usage.reported', objectKind: 'usage_report', objectId: id },
    // One that was asked for again ends again.
    cause: `${status}/${version}`,
    data: usageReportedData({
      ...{
        reportId: id,
        status,
        counts,
        providers: providers.map(({ provider, events }) => ({ provider, ...events })),
      },
      differences: differences?.length ?? null,
    }),
  });
}
