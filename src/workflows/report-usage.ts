import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { billingQueue } from './messages.ts';
import { startOnce } from './start-once.ts';
import { usageReportStart } from './start-options.ts';
import { usageReport } from './usage-report.ts';

/** By schedule: begins a report for every project and mode that has something to report, and none running. */
export async function reportUsage(): Promise<{ readonly begun: number }> {
  const own = proxyActivities<Activities>({
    taskQueue: billingQueue,
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '10m',
    retry: { initialInterval: '5s', maximumInterval: '1m' },
    summary: 'where usage is to be reported',
  });
  const { reports } = await own.requestUsageReports({});
  for (const report of reports) await startOnce(usageReport, usageReportStart(report));
  return { begun: reports.length };
}
