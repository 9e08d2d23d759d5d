import type { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import { closeReviewBody, listReviewsQuery, review } from './schemas/review.ts';

const tag = 'Operators';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const one = '/ops/reviews/{id}';

/** The routes of what only a person may decide. */
export const reviewOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/ops/reviews', tag, summary: 'List what a person must decide' },
    query: listReviewsQuery,
    answers: ok(pageOf(review)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: one, tag, summary: 'Read what a person must decide, with its evidence' },
    answers: ok(review),
    refusals: ['review_not_found'],
  },
  {
    ...{ method: 'post', path: `${one}/resolve`, tag, summary: 'Close a review: something was done about it' },
    body: closeReviewBody,
    answers: ok(review),
    refusals: ['review_not_found', 'review_closed'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: `${one}/dismiss`, tag, summary: 'Close a review: nothing is to do' },
    body: closeReviewBody,
    answers: ok(review),
    refusals: ['review_not_found', 'review_closed'],
    isIdempotent: true,
  },
];
