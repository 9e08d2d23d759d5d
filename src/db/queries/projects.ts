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
