import type { Request } from 'express';
import type { Project } from '../../db/entities/project.ts';
import { findProject } from '../../db/queries/projects.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam } from '../answer.ts';
import { authorize, callerOf, type Caller, type Need } from '../caller.ts';
import { refusal } from '../error-codes.ts';

export const readOps: Need = { scope: 'ops:read', permission: null };
export const writeOps: Need = { scope: 'ops:write', permission: null };

/** Whose operators run the deployment: they make projects and see all of them. Others see their own. */
const platformProject = 'default';

export function isPlatformOperator(caller: Caller): boolean {
  return caller.projectId === platformProject;
}

export function operator(request: Request, need: Need): Caller {
  const caller = callerOf(request);
  authorize(caller, need);
  return caller;
}

/**
 * The project that the path names, where the caller may run it.
 *
 * @throws {BillingError} `insufficient_scope`, `project_not_found`
 */
export async function managedProject(
  em: Db,
  request: Request,
  need: Need,
): Promise<{ readonly caller: Caller; readonly project: Project }> {
  const caller = operator(request, need);
  return { caller, project: await findManaged(em, caller, pathParam(request, 'project')) };
}

export async function findManaged(em: Db, caller: Caller, id: string): Promise<Project> {
  const isTheirs = isPlatformOperator(caller) || caller.projectId === id;
  const project = isTheirs ? await findProject(em, id) : null;
  if (!project) throw refusal('project_not_found', 'No project of yours has this id.');
  return project;
}
