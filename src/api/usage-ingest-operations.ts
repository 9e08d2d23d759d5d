import { z } from 'zod';
import type { Operation } from './operations.ts';
import {
  cloudEvent,
  importLine,
  importQuery,
  usageAnswer,
  usageBatchBody,
  usageEventBody,
} from './schemas/usage-ingest.ts';

const tag = 'Usage';

const refusals = [
  'organization_required',
  'organization_not_found',
  'event_name_unknown',
  'timestamp_in_future',
  'timestamp_too_old',
  'corrected_event_not_found',
  'unavailable',
];

/** How usage comes in. */
export const usageIngestOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/billing/usage', tag, summary: 'Send one event of usage, or a batch' },
    body: z.union([usageEventBody, usageBatchBody]),
    otherBodies: {
      'application/cloudevents+json': cloudEvent,
      'application/cloudevents-batch+json': z.array(cloudEvent).min(1).max(1_000),
    },
    answers: { '202': { description: 'What is counted here is stored.', schema: usageAnswer } },
    refusals,
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: '/billing/usage/import', tag, summary: 'Stream events of usage, one a line' },
    query: importQuery,
    otherBodies: { 'application/x-ndjson': usageEventBody },
    answers: {
      '200': {
        description: 'Lines while it reads: rejected events, progress after each commit, and a last one with `done`.',
        schema: importLine,
        contentType: 'application/x-ndjson',
      },
    },
    refusals: ['organization_not_found', 'unsupported_media_type', 'unavailable'],
    isIdempotent: true,
  },
];
