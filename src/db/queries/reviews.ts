import type { ReviewKind } from '../../domain/review.ts';
import { ReviewItemEntity, type ReviewItem } from '../entities/reconciliation.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

export async function findReview(em: Db, { projectId, live }: Scope, id: string): Promise<ReviewItem | null> {
  return em.findOne(ReviewItemEntity, { projectId, live, id }, { refresh: true });
}

/** Newest first, one more than `limit`. */
export async function listReviews(
  em: Db,
  { projectId, live }: Scope,
  input: {
    readonly status?: ReviewItem['status'];
    readonly kind?: ReviewKind;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly ReviewItem[]> {
  const { status, kind, before } = input;
  return em.find(
    ReviewItemEntity,
    {
      ...{ projectId, live },
      ...(status !== undefined && { status }),
      ...(kind !== undefined && { kind }),
      ...(before !== null && { id: { $lt: before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}

/**
 * Closes an open item: a person has decided. Nothing follows from it by itself.
 *
 * @returns null: it was closed before.
 */
export async function closeReview(
  em: Db,
  { id, projectId, live }: ReviewItem,
  closing: { readonly status: 'resolved' | 'dismissed'; readonly note: string; readonly actor: string },
): Promise<ReviewItem | null> {
  return em.fork().transactional(async (tx) => {
    const item = await tx.findOneOrFail(ReviewItemEntity, { id, projectId, live }, { refresh: true });
    if (item.status !== 'open') return null;
    const { status, note, actor } = closing;
    tx.assign(item, { status, note, closedBy: actor, closedAt: new Date() });
    recordAudit(tx, {
      ...{ projectId, live, actor, action: `review.${status}`, entityKind: 'review', entityId: id, detail: note },
      ...{ before: { status: 'open' }, after: { status, kind: item.kind } },
    });
    return item;
  });
}

/** How many items wait for a person, by kind, over all projects. */
export async function countOpenReviews(
  em: Db,
): Promise<readonly { readonly kind: string; readonly live: boolean; readonly count: number }[]> {
  return em.execute(
    `select kind, live, count(*)::int as count from review_items where status = 'open' group by kind, live`,
  );
}

/** How many sessions may still take money unnoticed, by provider, over all projects. */
export async function countUnknownStrays(
  em: Db,
): Promise<readonly { readonly provider: string; readonly live: boolean; readonly count: number }[]> {
  return em.execute(
    `select provider, live, count(*)::int as count from stray_sessions where status = 'unknown' group by provider, live`,
  );
}
