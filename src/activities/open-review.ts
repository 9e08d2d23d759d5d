import { ReviewItemEntity, type ReviewItem } from '../db/entities/reconciliation.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import type { ReviewKind } from '../domain/review.ts';

export interface OpenReviewInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly kind: ReviewKind;
  /** Business identity of what happened: the same cause makes one item. */
  readonly cause: string;
  readonly provider: string | null;
  readonly organizationId: string | null;
  readonly entityKind: string | null;
  readonly entityId: string | null;
  /** One sentence for the person: what happened, and what to decide. */
  readonly summary: string;
  /** Ids, amounts, times; no personal data. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Asks a person, once per cause, in the transaction that found it. @returns the item, old or new. */
export async function openReview(tx: Db, input: OpenReviewInput): Promise<ReviewItem> {
  const { projectId, live, cause, kind } = input;
  const known = await tx.findOne(ReviewItemEntity, { projectId, live, cause });
  if (known) return known;
  const id = newId('rev');
  const open = { status: 'open', note: null, closedBy: null, closedAt: null } as const;
  const item = tx.create(ReviewItemEntity, { ...input, ...open, id }, { persist: true });
  recordAudit(tx, {
    ...{ projectId, live, actor: cause, action: 'review.opened', entityKind: 'review', entityId: id },
    ...{ detail: input.summary, after: { kind, status: 'open' } },
  });
  return item;
}
