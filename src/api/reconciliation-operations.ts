import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import {
  createReconciliationBody,
  csvQuery,
  difference,
  driftSummary,
  listDifferencesQuery,
  listReconciliationsQuery,
  reconciliation,
} from './schemas/reconciliation.ts';

const tag = 'Reconciliation';
const path = '/ops/reconciliations';
const missing = 'reconciliation_not_found';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });

const steering = (act: 'pause' | 'resume' | 'cancel', summary: string): Operation => ({
  ...{ method: 'post', path: `${path}/{id}/${act}`, tag, summary },
  answers: {
    '200': { description: 'Done.', schema: reconciliation },
    '202': { description: 'Asked for: its worker has not answered yet.', schema: reconciliation },
  },
  refusals: [missing, 'reconciliation_over'],
  isIdempotent: true,
});

/** The routes of comparisons with the providers' accounts. */
export const reconciliationOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path, tag, summary: 'Compare our rows with a provider’s account' },
    body: createReconciliationBody,
    answers: { '202': { description: 'It begins: read it by its id.', schema: reconciliation } },
    refusals: [
      'provider_account_not_found',
      'not_supported_by_provider',
      'reconciliation_window_invalid',
      'reconciliation_running',
    ],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path, tag, summary: 'List reconciliations', query: listReconciliationsQuery },
    answers: ok(pageOf(reconciliation)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: `${path}/summary`, tag, summary: 'Read how far our books and the providers’ agree' },
    answers: ok(pageOf(driftSummary)),
    refusals: [],
  },
  {
    ...{ method: 'get', path: `${path}/{id}`, tag, summary: 'Read a reconciliation' },
    answers: ok(reconciliation),
    refusals: [missing],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/differences`, tag, summary: 'List what differed' },
    query: listDifferencesQuery,
    answers: ok(pageOf(difference)),
    refusals: [missing, 'cursor_invalid'],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/differences.csv`, tag, summary: 'Load what differed as CSV' },
    query: csvQuery,
    answers: { '200': { description: 'RFC 4180, with a header.', schema: z.string(), contentType: 'text/csv' } },
    refusals: [missing],
  },
  steering('pause', 'Hold a reconciliation after the page in hand'),
  steering('resume', 'Let a reconciliation go on'),
  steering('cancel', 'End a reconciliation; what it found stays'),
];
