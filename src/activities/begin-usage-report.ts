import { UsageReportEntity, type UsageReport } from '../db/entities/usage.ts';
import type { Db } from '../db/orm.ts';
import { beginReport } from '../db/queries/usage-collect.ts';
import { countByProvider, countItems, type ProviderCounts } from '../db/queries/usage-report-breakdown.ts';
import { countReport } from '../db/queries/usage-reports.ts';
import type { UsageCounts, UsageReportPhase, UsageReportStatus } from '../domain/usage/report.ts';
import type { ActivityDeps } from './deps.ts';

/** A report of usage, as its workflow names it. */
export interface UsageReportRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly reportId: string;
}

/** What of a report one provider is told. Counts of items. */
export interface ProviderProgress {
  /** null: nobody bills. */
  readonly provider: string | null;
  readonly items: number;
  readonly reported: number;
  readonly rejected: number;
  readonly pending: number;
}

/** Where a report stands, by its rows. */
export interface UsageReportProgress {
  readonly status: UsageReportStatus;
  readonly phase: UsageReportPhase;
  /** Of events. */
  readonly counts: UsageCounts;
  readonly providers: readonly ProviderProgress[];
}

/** Takes a report up, or up again: answers where to go on. Safe to repeat. */
export function createBeginUsageReport(deps: ActivityDeps) {
  return async function beginUsageReport(ref: UsageReportRef): Promise<UsageReportProgress> {
    const em = deps.orm.em.fork();
    await em.transactional((tx) => beginReport(tx, ref, ref.reportId));
    return progressOf(em.fork(), ref);
  };
}

/** Answers where a report stands. */
export function createReadUsageReport(deps: ActivityDeps) {
  return async function readUsageReport(ref: UsageReportRef): Promise<UsageReportProgress> {
    return progressOf(deps.orm.em.fork(), ref);
  };
}

export function findUsageReport(em: Db, { projectId, live, reportId: id }: UsageReportRef): Promise<UsageReport> {
  return em.findOneOrFail(UsageReportEntity, { id, projectId, live }, { refresh: true });
}

async function progressOf(em: Db, ref: UsageReportRef): Promise<UsageReportProgress> {
  const { status, phase, received } = await findUsageReport(em, ref);
  // While it is being collected, nobody has been told of anything yet.
  if (phase === 'collect')
    return { status, phase, counts: { received, reported: 0, rejected: 0, pending: received }, providers: [] };
  const counts = await countReport(em, ref.reportId);
  const providers = countByProvider(await countItems(em, [ref.reportId]));
  return { status, phase, counts, providers: providers.map(progressAt) };
}

function progressAt({ provider, items: { received: items, ...rest } }: ProviderCounts): ProviderProgress {
  return { provider, items, ...rest };
}
