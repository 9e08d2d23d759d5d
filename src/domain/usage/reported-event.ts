import type { UsageCounts, UsageReportStatus } from './report.ts';

/** How a report ended, as `usage.reported` tells it. */
export interface ReportedUsage {
  readonly reportId: string;
  readonly status: Extract<UsageReportStatus, 'succeeded' | 'failed'>;
  /** Of events. */
  readonly counts: UsageCounts;
  /** Of what meters count: an event that two meters count is in here twice, one that no meter counts is not. */
  readonly providers: readonly (UsageCounts & {
    /** null: nobody bills the organization. */
    readonly provider: string | null;
  })[];
  /** How many of the providers' meters say something else than they were told; null: they were not asked. */
  readonly differences: number | null;
}

/** The `data` of `usage.reported`. */
export function usageReportedData({ reportId, status, counts, providers, differences }: ReportedUsage) {
  return {
    report_id: reportId,
    status,
    ...countsOf(counts),
    providers: providers.map((each) => ({ provider: each.provider, ...countsOf(each) })),
    differences,
  };
}

function countsOf({ received, reported, rejected, pending }: UsageCounts) {
  return { received, reported, rejected, pending };
}
