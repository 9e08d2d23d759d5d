import { z } from 'zod';
import { reviewKinds } from '../../domain/review.ts';
import { nullableTime, paging, time } from './common.ts';

const reviewStatuses = ['open', 'resolved', 'dismissed'] as const;

export const listReviewsQuery = z.strictObject({
  status: z.enum(reviewStatuses).optional(),
  kind: z.enum(reviewKinds).optional(),
  ...paging,
});

/** `POST /ops/reviews/{id}/resolve` and `/dismiss`. */
export const closeReviewBody = z
  .strictObject({
    note: z.string().trim().min(1).max(2_000).meta({ description: 'What was done, or why nothing is to do.' }),
  })
  .meta({ id: 'CloseReview' });

export const review = z
  .object({
    id: z.string(),
    kind: z.enum(reviewKinds),
    status: z.enum(reviewStatuses),
    summary: z.string().meta({ description: 'What happened, and what to decide.' }),
    provider: z.string().nullable(),
    organization_id: z.string().nullable(),
    entity_kind: z.string().nullable(),
    entity_id: z.string().nullable(),
    evidence: z.record(z.string(), z.unknown()).meta({ description: 'Ids, amounts and times.' }),
    note: z.string().nullable(),
    closed_by: z.string().nullable(),
    opened_at: time,
    closed_at: nullableTime,
  })
  .meta({ id: 'Review' });
export type ReviewAnswer = z.output<typeof review>;
