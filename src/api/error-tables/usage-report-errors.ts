import type { ErrorPage } from './error-page.ts';

/** Codes of reports of usage to the providers. */
export const usageReportErrors = {
  usage_report_not_found: {
    kind: 'not_found',
    title: 'No such usage report',
    meaning: 'No report with this id exists in the project and mode of the key.',
    fix: 'List them with `GET /api/v1/billing/usage-reports`.',
  },
  usage_report_running: {
    kind: 'conflict',
    title: 'One is running already',
    meaning: 'One report at a time tells the providers of a project. `usage_report_id` names the one that is open.',
    fix: 'Wait for its end: what came in since is in the next one.',
  },
  usage_report_nothing_rejected: {
    kind: 'conflict',
    title: 'Nothing to retry',
    meaning: 'The report has no item that was rejected, or none for the code that was named.',
    fix: 'Read `rejected_by_code` of the report. Events that no meter counts cannot be reported at all.',
  },
} as const satisfies Record<string, ErrorPage>;
