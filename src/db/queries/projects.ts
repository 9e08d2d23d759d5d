import { ProjectEntity, type Project } from '../entities/project.ts';
import type { Db } from '../orm.ts';

export async function findProject(em: Db, id: string): Promise<Project | null> {
  return em.findOne(ProjectEntity, { id });
}

/** Every origin that any project allows: preflight requests carry no key that would name the project. */
export async function listAllowedOrigins(em: Db): Promise<readonly string[]> {
  const projects = await em.find(ProjectEntity, {}, { fields: ['allowedOrigins'] });
  return [...new Set(projects.flatMap((project) => project.allowedOrigins))];
}

/** One more than `limit`, in order of ids, so that the caller can tell whether there is another page. */
export async function listProjects(
  em: Db,
  query: { readonly only: string | null; readonly after: string | null; readonly limit: number },
): Promise<readonly Project[]> {
  const { only, after, limit } = query;
  return em.find(
    ProjectEntity,
    {
      ...(only !== null && { id: only }),
      ...(after !== null && { id: { $gt: after, ...(only !== null && { $eq: only }) } }),
    },
    { orderBy: { id: 'asc' }, limit: limit + 1 },
  );
}

/** @returns null when the id is taken. */
export async function addProject(em: Db, input: Omit<Project, 'createdAt' | 'updatedAt'>): Promise<Project | null> {
  if ((await em.findOne(ProjectEntity, { id: input.id })) !== null) return null;
  const project = em.create(ProjectEntity, { ...input }, { persist: true });
  await em.flush();
  return project;
}
