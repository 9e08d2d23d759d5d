import type { UsageCounts, UsageReportStatus } from '../../domain/usage/report.ts';
import { UsageReportEntity, type UsageReport } from '../entities/usage.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

const open: readonly UsageReportStatus[] = ['requested', 'running'];

export interface ReportRequest extends Scope {
  readonly id: string;
  readonly cause: 'schedule' | 'request';
  readonly actor: string;
}

/**
 * Writes a report that shall begin, audited, unless one of the project and mode is open: then that one is answered.
 *
 * @returns `isNew`: whether it is the one asked for. The same id again answers the row as it stands.
 */
export async function requestReport(
  em: Db,
  request: ReportRequest,
): Promise<{ readonly report: UsageReport; readonly isNew: boolean }> {
  const { id, projectId, live, cause, actor } = request;
  return em.transactional(async (tx) => {
    const written = await tx.execute<{ affectedRows: number }>(
      `insert into usage_reports (id, project_id, live, cause, actor, status, phase)
       values (?, ?, ?, ?, ?, 'requested', 'collect') on conflict do nothing`,
      [id, projectId, live, cause, actor],
      'run',
    );
    const own = await tx.findOne(UsageReportEntity, { id, projectId, live });
    if (own === null) {
      const other = await tx.findOneOrFail(UsageReportEntity, { projectId, live, status: { $in: [...open] } });
      return { report: other, isNew: false };
    }
    if (written.affectedRows > 0)
      recordAudit(tx, {
        ...{ projectId, live, actor, action: 'usage_report.requested' },
        ...{ entityKind: 'usage_report', entityId: id, detail: `by ${cause}`, after: { status: 'requested' } },
      });
    return { report: own, isNew: true };
  });
}

export function findReport(em: Db, { projectId, live }: Scope, id: string): Promise<UsageReport | null> {
  return em.findOne(UsageReportEntity, { id, projectId, live });
}

const nothing: UsageCounts = { received: 0, reported: 0, rejected: 0, pending: 0 };

/** How many events of a report stand where, by its rows as they are. */
export async function countReport(em: Db, reportId: string): Promise<UsageCounts> {
  return (await countReports(em, [reportId])).get(reportId) ?? nothing;
}

/**
 * How many events of each report stand where. An event that several meters count stands where the worst of their items
 * does: rejected, else pending, else reported. One that no meter counts is rejected.
 */
export async function countReports(em: Db, reportIds: readonly string[]): Promise<ReadonlyMap<string, UsageCounts>> {
  if (reportIds.length === 0) return new Map();
  const rows = await em.execute<({ readonly id: string } & UsageCounts)[]>(
    `select report_id as id, sum(events)::float8 as received,
       coalesce(sum(events) filter (where worst = 3), 0)::float8 as reported,
       coalesce(sum(events) filter (where worst = 1), 0)::float8 as rejected,
       coalesce(sum(events) filter (where worst = 2), 0)::float8 as pending
     from (
       select one.report_id, one.events, coalesce((
         select min(case when item.status = 'rejected' then 1 when item.status in ('reported', 'replaced') then 3 else 2 end)
         from usage_report_items item
         where item.report_id = one.report_id and item.organization_id = one.organization_id
           and item.meter_id = any (one.meter_ids) and item.bucket = one.bucket), 1) as worst
       from usage_report_groups one where one.report_id in (${reportIds.map(() => '?').join(', ')})) judged
     group by report_id`,
    [...reportIds],
  );
  return new Map(
    rows.map(({ id, received, reported, rejected, pending }) => [id, { received, reported, rejected, pending }]),
  );
}

/**
 * Has a report's rejected items decided about and sent again, audited: it is open again unless another report of the
 * project and mode is, which then sends them, or the next one does.
 *
 * @param input.code Only those that were rejected for this; absent: all.
 * @returns `retried`: how many items. The report's workflow must be started where its status is `requested`.
 */
export async function retryRejected(
  em: Db,
  report: UsageReport,
  input: { readonly code?: string | null; readonly actor: string },
): Promise<{ readonly retried: number; readonly report: UsageReport }> {
  const { id, projectId, live } = report;
  const code = input.code ?? null;
  return em.transactional(async (tx) => {
    const { affectedRows: retried } = await tx.execute<{ affectedRows: number }>(
      `update usage_report_items set status = 'pending', provider = null, provider_customer_id = null, code = null,
         detail = null, sent_at = null, version = version + 1, updated_at = now()
       where report_id = ? and project_id = ? and live = ? and status = 'rejected' and (?::text is null or code = ?)`,
      [id, projectId, live, code, code],
      'run',
    );
    if (retried > 0) {
      await tx.execute(
        `update usage_reports report set status = 'requested', phase = 'send', finished_at = null, failure_code = null,
           failure_detail = null, version = version + 1, updated_at = now()
         where id = ? and status in ('succeeded', 'failed') and not exists (
           select from usage_reports other where other.project_id = report.project_id and other.live = report.live
             and other.status in ('requested', 'running'))`,
        [id],
        'run',
      );
      recordAudit(tx, {
        ...{ projectId, live, actor: input.actor, action: 'usage_report.retried' },
        ...{ entityKind: 'usage_report', entityId: id, detail: `${retried} rejected items, ${code ?? 'all'}` },
        after: { retried, code },
      });
    }
    const after = await tx.findOneOrFail(UsageReportEntity, { id, projectId, live }, { refresh: true });
    return { retried, report: after };
  });
}
