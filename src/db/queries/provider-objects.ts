import { ProviderObjectEntity } from '../entities/organization.ts';
import type { Db } from '../orm.ts';

/** A customer has many checkouts and subscriptions: its id says nothing about which. */
const shared = new Set(['customer']);

/** Remembers which of our entities a provider's ids belong to; the newest entity wins. */
export async function linkProviderObjects(
  em: Db,
  owner: { readonly projectId: string; readonly live: boolean },
  provider: string,
  entity: { readonly kind: 'checkout' | 'subscription'; readonly id: string },
  objects: readonly { readonly kind: string; readonly id: string }[],
): Promise<void> {
  const rows = new Map(
    objects.filter(({ kind }) => !shared.has(kind)).map((object) => [`${object.kind}/${object.id}`, object]),
  );
  if (rows.size === 0) return;
  const now = new Date();
  await em.upsertMany(
    ProviderObjectEntity,
    [...rows.values()].map((object) => ({
      projectId: owner.projectId,
      live: owner.live,
      provider,
      kind: object.kind,
      providerObjectId: object.id,
      entityKind: entity.kind,
      entityId: entity.id,
      createdAt: now,
      updatedAt: now,
    })),
    { onConflictExcludeFields: ['createdAt'] },
  );
}
