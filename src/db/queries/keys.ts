import {
  ApiKeyEntity,
  ProjectEntity,
  SessionEntity,
  type ApiKey,
  type Project,
  type Session,
} from '../entities/project.ts';
import type { Db } from '../orm.ts';

export interface KeyOwner {
  readonly key: ApiKey;
  readonly project: Project;
}

/** The live API key with this hash and its project; revoked ones are as good as unknown. */
export async function findApiKey(em: Db, keyHash: string): Promise<KeyOwner | null> {
  const key = await em.findOne(ApiKeyEntity, { keyHash, revokedAt: null });
  const project = key && (await em.findOne(ProjectEntity, { id: key.projectId }));
  return key && project ? { key, project } : null;
}

export async function findSession(em: Db, tokenHash: string): Promise<Session | null> {
  return em.findOne(SessionEntity, { tokenHash });
}

/** Written when `em` is flushed. */
export function addSession(em: Db, input: Omit<Session, 'createdAt' | 'updatedAt'>): void {
  em.create(SessionEntity, { ...input }, { persist: true });
}

/** One more than `limit`, newest first; revoked ones too. */
export async function listApiKeys(
  em: Db,
  owner: { readonly projectId: string; readonly live: boolean },
  query: { readonly before: string | null; readonly limit: number },
): Promise<readonly ApiKey[]> {
  const { before, limit } = query;
  return em.find(
    ApiKeyEntity,
    { ...owner, ...(before !== null && { id: { $lt: before } }) },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
}

export async function findOwnApiKey(em: Db, id: string): Promise<ApiKey | null> {
  return em.findOne(ApiKeyEntity, { id });
}

/** Written when `em` is flushed. */
export function addApiKey(em: Db, input: Omit<ApiKey, 'createdAt' | 'updatedAt'>): ApiKey {
  return em.create(ApiKeyEntity, { ...input }, { persist: true });
}
