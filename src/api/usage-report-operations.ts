import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import {
  createUsageReportBody,
  listUsageItemsQuery,
  listUsageOrganizationsQuery,
  listUsageReportsQuery,
  retryUsageReportBody,
  usageItemsCsvQuery,
  usageOfOrganization,
  usageReport,
  usageReportItem,
  usageReportSummary,
} from './schemas/usage-report.ts';

const tag = 'Usage';
const path = '/billing/usage-reports';
const missing = 'usage_report_not_found';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });

/** The routes of reports of usage to the providers. */
export const usageReportOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path, tag, summary: 'Report usage to the providers now' },
    body: createUsageReportBody,
    answers: { '202': { description: 'It begins: read it by its id.', schema: usageReport } },
    refusals: ['usage_report_running'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path, tag, summary: 'List usage reports', query: listUsageReportsQuery },
    answers: ok(pageOf(usageReportSummary)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: `${path}/{id}`, tag, summary: 'Read a usage report' },
    answers: ok(usageReport),
    refusals: [missing],
  },
  {
    ...{ method: 'get', path: `${path}/{id}.csv`, tag, summary: 'Load a usage report as CSV, a line per item' },
    query: usageItemsCsvQuery,
    answers: { '200': { description: 'RFC 4180, with a header.', schema: z.string(), contentType: 'text/csv' } },
    refusals: [missing],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/items`, tag, summary: 'List what providers are told' },
    query: listUsageItemsQuery,
    answers: ok(pageOf(usageReportItem)),
    refusals: [missing, 'cursor_invalid'],
  },
  {
    ...{
      method: 'get',
      path: `${path}/{id}/organizations`,
      tag,
      summary: 'List a usage report’s counts by organization',
    },
    query: listUsageOrganizationsQuery,
    answers: ok(pageOf(usageOfOrganization)),
    refusals: [missing, 'cursor_invalid'],
  },
  {
    ...{ method: 'post', path: `${path}/{id}/retry`, tag, summary: 'Tell the providers again what was rejected' },
    body: retryUsageReportBody,
    answers: { '202': { description: 'It begins: read it by its id.', schema: usageReport } },
    refusals: [missing, 'usage_report_running', 'usage_report_nothing_rejected'],
    isIdempotent: true,
  },
];
