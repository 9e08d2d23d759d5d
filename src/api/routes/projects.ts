import { Router } from 'express';
import type { Project } from '../../db/entities/project.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { addProject, listProjects } from '../../db/queries/projects.ts';
import { activeModes } from '../../db/queries/routing-policies.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { changedLifecyclePolicy } from '../lifecycle-policy.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { presentProject } from '../../present/project.ts';
import { listQuery } from '../schemas/ops.ts';
import { parseInput } from '../schemas/parse.ts';
import { createProjectBody, patchProjectBody, type PatchProjectBody } from '../schemas/project.ts';
import { findManaged, isPlatformOperator, managedProject, operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** Apps that sell here. Only operators of the first project make new ones; every project's own may change theirs. */
export function createProjectRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/projects')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor } = parseInput(listQuery, request.query);
      const only = isPlatformOperator(caller) ? null : caller.projectId;
      const rows = await listProjects(deps.orm.em.fork(), { only, after: decodeIdCursor(cursor), limit });
      response.json(toPage(rows, limit, (row) => [row.id], presentProject));
    })
    .post(operateOnce(deps, 'job', (operating) => create(deps, operating)))
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/projects/:project')
    .get(async (request, response) => {
      const { project } = await managedProject(deps.orm.em.fork(), request, readOps);
      response.json(presentProject(project));
    })
    .patch(operateOnce(deps, 'job', (operating) => change(deps, operating)))
    .all(refuseMethod('GET', 'PATCH'));
  return router;
}

async function create(deps: ApiDeps, { em, caller, body: sent }: Operating): Promise<Answer> {
  if (!isPlatformOperator(caller))
    throw refusal('insufficient_scope', 'Only operators of the first project make projects.');
  const body = parseInput(createProjectBody, sent);
  const routingPolicy = body.routing_policy ?? defaultPolicy(deps, caller);
  await refuseUnusablePolicy(em, deps, body.id, routingPolicy);
  const lifecyclePolicy = changedLifecyclePolicy({}, body.lifecycle_policy);
  const project = await em.transactional(async (tx) => {
    const made = await addProject(tx, {
      id: body.id,
      name: body.name,
      defaultCurrency: body.default_currency,
      defaultSuccessUrl: body.default_success_url,
      defaultCancelUrl: body.default_cancel_url,
      defaultPhone: body.default_phone,
      allowedOrigins: body.allowed_origins,
      routingPolicy,
      lifecyclePolicy,
      usageReportMinutes: body.usage_report_minutes,
    });
    if (!made) throw fieldRefusal('project_exists', '/id', 'A project has this id already.');
    auditProject(tx, caller, made.id, 'project.created', null, presentProject(made));
    return made;
  });
  return { status: 201, body: presentProject(project) };
}

async function change(deps: ApiDeps, { em, caller, request, body: sent }: Operating): Promise<Answer> {
  const project = await findManaged(em, caller, pathParam(request, 'project'));
  const body = parseInput(patchProjectBody, sent);
  if (body.routing_policy !== undefined) await refuseUnusablePolicy(em, deps, project.id, body.routing_policy);
  const before = presentProject(project);
  await em.transactional(async (tx) => {
    tx.assign(project, changesOf(project, body), { mergeObjectProperties: false });
    auditProject(tx, caller, project.id, 'project.updated', before, presentProject(project));
  });
  return { status: 200, body: presentProject(project) };
}

/** The caller's, where it ships; the project's own ones are nobody else's. */
function defaultPolicy(deps: ApiDeps, { project }: Caller): string {
  if (deps.policies.routing.has(project.routingPolicy)) return project.routingPolicy;
  return deps.policies.routing.keys().next().value ?? project.routingPolicy;
}

/**
 * The setting holds in both modes: what does not ship must be active wherever the project has providers.
 *
 * @throws {BillingError} `validation_failed`
 */
async function refuseUnusablePolicy(em: Db, deps: ApiDeps, projectId: string, name: string): Promise<void> {
  if (deps.policies.routing.has(name)) return;
  const active = await activeModes(em.fork(), projectId, name);
  if (active.size === 0) {
    const known = [...deps.policies.routing.keys()].join(', ');
    const message = `No routing policy of this name ships or is active. There ship: ${known}.`;
    throw fieldRefusal('validation_failed', '/routing_policy', message);
  }
  for (const live of [false, true]) {
    if (active.has(live) || (await deps.providers.configured(projectId, live)).size === 0) continue;
    const message = `It is active in ${live ? 'test' : 'live'} mode only; activate it with a ${live ? 'live' : 'test'} key first.`;
    throw fieldRefusal('validation_failed', '/routing_policy', message);
  }
}

function changesOf(project: Project, body: PatchProjectBody): Partial<Project> {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.default_currency !== undefined && { defaultCurrency: body.default_currency }),
    ...(body.default_success_url !== undefined && { defaultSuccessUrl: body.default_success_url }),
    ...(body.default_cancel_url !== undefined && { defaultCancelUrl: body.default_cancel_url }),
    ...(body.default_phone !== undefined && { defaultPhone: body.default_phone }),
    ...(body.allowed_origins !== undefined && { allowedOrigins: body.allowed_origins }),
    ...(body.routing_policy !== undefined && { routingPolicy: body.routing_policy }),
    ...(body.usage_report_minutes !== undefined && { usageReportMinutes: body.usage_report_minutes }),
    ...(body.lifecycle_policy !== undefined && {
      lifecyclePolicy: changedLifecyclePolicy(project.lifecyclePolicy, body.lifecycle_policy),
    }),
  };
}

function auditProject(
  em: Parameters<typeof recordAudit>[0],
  caller: Caller,
  projectId: string,
  action: string,
  before: unknown,
  after: unknown,
): void {
  const { live, actor } = caller;
  recordAudit(em, { projectId, live, actor, action, entityKind: 'project', entityId: projectId, before, after });
}
