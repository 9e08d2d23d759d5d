import { IsolationLevel } from '@mikro-orm/core';
import type { UsageReport } from '../../db/entities/usage.ts';
import {
  countItems,
  countMeters,
  countOrganizations,
  countRejections,
  countUnmetered,
} from '../../db/queries/usage-report-breakdown.ts';
import { findBeginnings, findMeterKeys, listReports } from '../../db/queries/usage-report-rows.ts';
import { countReports, findReport } from '../../db/queries/usage-reports.ts';
import type { Scope } from '../../db/queries/subscriptions.ts';
import type { Db } from '../../db/orm.ts';
import type { UsageReportStatus } from '../../domain/usage/report.ts';
import { presentUsageReport, presentUsageReportSummary, type ReportStanding } from '../../present/usage-report.ts';
import type { UsageReportAnswer, UsageReportSummaryAnswer } from '../schemas/usage-report.ts';

/** How many organizations a report shows itself. */
const topOrganizations = 20;

/** A report with all that it adds up to; null: there is none with this id. */
export function readReport(em: Db, scope: Scope, id: string): Promise<UsageReportAnswer | null> {
  return atOneMoment(em, async (tx) => {
    const row = await findReport(tx, scope, id);
    if (row === null) return null;
    const standing = (await standingsOf(tx, [row]))(row);
    return presentUsageReport(row, standing, {
      meters: await countMeters(tx, id),
      organizations: await countOrganizations(tx, id, { top: topOrganizations }),
      rejections: await countRejections(tx, id),
      unmetered: await countUnmetered(tx, id),
      meterKeys: await findMeterKeys(tx, [...new Set((row.differences ?? []).map(({ meterId }) => meterId))]),
    });
  });
}

/** Newest first, one more than `limit`. */
export function readReports(
  em: Db,
  scope: Scope,
  query: { readonly status?: UsageReportStatus; readonly before: string | null; readonly limit: number },
): Promise<readonly UsageReportSummaryAnswer[]> {
  return atOneMoment(em, async (tx) => {
    const rows = await listReports(tx, scope, query);
    const standing = await standingsOf(tx, rows);
    return rows.map((row) => presentUsageReportSummary(row, standing(row)));
  });
}

async function standingsOf(em: Db, rows: readonly UsageReport[]): Promise<(row: UsageReport) => ReportStanding> {
  const ids = rows.map(({ id }) => id);
  const counts = await countReports(em, ids);
  const items = await countItems(em, ids);
  const beginnings = await findBeginnings(em, ids);
  return ({ id }) => ({
    counts: counts.get(id) ?? { received: 0, reported: 0, rejected: 0, pending: 0 },
    items: items.filter(({ reportId }) => reportId === id),
    from: beginnings.get(id) ?? null,
  });
}

/** All figures of one snapshot: a report at work would not add up otherwise. */
function atOneMoment<T>(em: Db, read: (tx: Db) => Promise<T>): Promise<T> {
  return em.transactional(read, { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true });
}
