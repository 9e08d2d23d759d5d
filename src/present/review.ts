import type { ReviewAnswer } from '../api/schemas/review.ts';
import type { ReviewItem } from '../db/entities/reconciliation.ts';
import { isoOrNull } from './values.ts';

/** Something that a person decides. */
export function presentReview(row: ReviewItem): ReviewAnswer {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    summary: row.summary,
    provider: row.provider,
    organization_id: row.organizationId,
    entity_kind: row.entityKind,
    entity_id: row.entityId,
    evidence: { ...row.evidence },
    note: row.note,
    closed_by: row.closedBy,
    opened_at: row.createdAt.toISOString(),
    closed_at: isoOrNull(row.closedAt),
  };
}
