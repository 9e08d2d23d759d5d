import { Router, type Request } from 'express';
import { RoutingPolicyEntity, type RoutingPolicyVersion } from '../../db/entities/routing.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findProject } from '../../db/queries/projects.ts';
import {
  findPolicyById,
  latestVersion,
  listPolicyVersions,
  lockPolicies,
  switchActive,
} from '../../db/queries/routing-policies.ts';
import type { Db } from '../../db/orm.ts';
import { analyzePolicy, exampleRequests, type PolicyFinding } from '../../domain/routing/analysis/analyze-policy.ts';
import type { RoutingPolicy } from '../../domain/routing/policy.ts';
import { abilitiesByProvider } from '../../policies.ts';
import { presentDryRun, presentFinding, presentNamedPolicy, presentPolicyVersion } from '../../present/routing.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { askPastAgain } from '../routing/dry-run.ts';
import { parseInput, sentence } from '../schemas/parse.ts';
import { activatePolicyBody, postPolicyBody, postPolicyQuery, type PostPolicyBody } from '../schemas/routing.ts';
import { toPolicy } from '../schemas/routing-policy.ts';
import { operator, readOps, writeOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** A project's own routing policies, over those that ship: each change is a version, and any can be gone back to. */
export function createRoutingPolicyRoutes(deps: ApiDeps): Router {
  const router = Router();
  const store = operateOnce(deps, 'rpol', (operating) => post(deps, operating));
  router
    .route('/ops/routing/policies')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const em = deps.orm.em.fork();
      const rows = await listPolicyVersions(em, caller);
      const names = [...new Set([...deps.policies.routing.keys(), ...rows.map(({ name }) => name)])];
      const usedName = await usedPolicy(em, caller);
      response.json({ data: names.map((name) => presentNamed(deps, name, rows, usedName)), next_cursor: null });
    })
    // A dry run changes nothing, so that it needs no key, and takes none up.
    .post(async (request, response, next) => {
      const { dry_run, last } = parseInput(postPolicyQuery, request.query);
      if (dry_run === 'true') response.json(await dryRun(deps, request, last));
      else await store(request, response, next);
    })
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/routing/policies/:name')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const em = deps.orm.em.fork();
      response.json(await answerNamed(em, deps, caller, pathParam(request, 'name')));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/routing/policies/:name/activate')
    .post(operateOnce(deps, 'rpol', (operating) => activate(deps, operating)))
    .all(refuseMethod('POST'));
  return router;
}

async function dryRun(deps: ApiDeps, request: Request, last: number) {
  const caller = operator(request, writeOps);
  const body = parseInput(postPolicyBody, request.body ?? {});
  const em = deps.orm.em.fork();
  const policy = toPolicy(body, await nextVersion(em, deps, caller, body.name));
  const abilities = abilitiesByProvider(deps.providers);
  const findings = analyzePolicy(policy, abilities);
  const isClear = findings.every(({ kind }) => kind !== 'too_complex');
  const examples = isClear ? exampleRequests(policy, abilities) : [];
  return presentDryRun(policy, { findings, examples }, await askPastAgain(em, deps, { caller, policy, last }));
}

async function post(deps: ApiDeps, { em, caller, id, body: sent }: Operating): Promise<Answer> {
  const body = parseInput(postPolicyBody, sent);
  const findings = refuseWrong(deps, toPolicy(body, 1));
  const row = (await findPolicyById(em, caller, id)) ?? (await add(em, deps, caller, id, body));
  await deps.rules.reload(caller);
  const answer = presentPolicyVersion(row, await usedPolicy(em, caller));
  return { status: 201, body: { ...answer, findings: findings.map(presentFinding) } };
}

function add(em: Db, deps: ApiDeps, caller: Caller, id: string, body: PostPolicyBody): Promise<RoutingPolicyVersion> {
  const { projectId, live, actor } = caller;
  return em.transactional(async (tx) => {
    await lockPolicies(tx, caller);
    const version = await nextVersion(tx, deps, caller, body.name);
    const row = tx.create(RoutingPolicyEntity, {
      ...{ id, projectId, live, name: body.name, version, note: body.note, createdBy: actor },
      ...{ document: toPolicy(body, version), status: 'draft', activatedAt: null, activatedBy: null },
    });
    tx.persist(row);
    audit(tx, caller, row, 'routing_policy.added', { after: { name: row.name, version, note: row.note } });
    await tx.flush();
    if (body.activate) await makeActive(tx, caller, row.name, row);
    return row;
  });
}

async function activate(deps: ApiDeps, { em, caller, request, body: sent }: Operating): Promise<Answer> {
  const { version } = parseInput(activatePolicyBody, sent);
  const name = pathParam(request, 'name');
  await em.transactional(async (tx) => {
    await lockPolicies(tx, caller);
    if (version === 'shipped') {
      if (!deps.policies.routing.has(name)) throw refusal('routing_policy_not_found', 'No policy of this name ships.');
      await makeActive(tx, caller, name, null);
      return;
    }
    const row = (await listPolicyVersions(tx, caller, name)).find((candidate) => candidate.version === version);
    if (!row) throw refusal('routing_policy_not_found', 'The project has no such version of this policy.');
    // What providers can do may have changed since it was written.
    refuseWrong(deps, row.document);
    await makeActive(tx, caller, name, row);
  });
  await deps.rules.reload(caller);
  return { status: 200, body: await answerNamed(em.fork(), deps, caller, name) };
}

/** @param row null: none of the project's own, so that what ships holds. */
async function makeActive(tx: Db, caller: Caller, name: string, row: RoutingPolicyVersion | null): Promise<void> {
  const before = (await listPolicyVersions(tx, caller, name)).find(({ status }) => status === 'active') ?? null;
  if (before?.id === row?.id) return;
  const was = { name, active_version: before?.version ?? 'shipped' };
  await switchActive(tx, caller, { name, row, actor: caller.actor });
  const subject = row ?? before;
  if (!subject) return;
  const is = { name, active_version: row?.version ?? 'shipped' };
  audit(tx, caller, subject, 'routing_policy.activated', { before: was, after: is });
}

/**
 * @returns what the analysis only warns of.
 * @throws {BillingError} `routing_policy_invalid`, pointing at each rule
 */
function refuseWrong(deps: Pick<ApiDeps, 'providers'>, policy: RoutingPolicy): readonly PolicyFinding[] {
  const findings = analyzePolicy(policy, abilitiesByProvider(deps.providers));
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return findings;
  const told = errors.map(({ because, rule }) => (rule === null ? because : `rule ${rule}: ${because}`)).join('; ');
  throw refusal('routing_policy_invalid', sentence(told), {
    faults: errors.map(({ because, kind, pointer }) => ({ pointer, code: kind, detail: sentence(because) })),
  });
}

/** Above those that ship too, so that name and version name one document. */
async function nextVersion(em: Db, deps: ApiDeps, caller: Caller, name: string): Promise<number> {
  return Math.max(await latestVersion(em, caller, name), deps.policies.routing.get(name)?.version ?? 0) + 1;
}

async function answerNamed(em: Db, deps: ApiDeps, caller: Caller, name: string) {
  const rows = await listPolicyVersions(em, caller, name);
  if (rows.length === 0 && !deps.policies.routing.has(name))
    throw refusal('routing_policy_not_found', 'Neither ships a policy of this name, nor has the project one.');
  return presentNamed(deps, name, rows, await usedPolicy(em, caller));
}

function presentNamed(deps: ApiDeps, name: string, rows: readonly RoutingPolicyVersion[], usedName: string) {
  const own = rows.filter((row) => row.name === name);
  return presentNamedPolicy({ name, rows: own, shipped: deps.policies.routing.get(name), usedName });
}

/** Read afresh: what callers carry may be seconds old. */
async function usedPolicy(em: Db, caller: Caller): Promise<string> {
  return (await findProject(em.fork(), caller.projectId))?.routingPolicy ?? caller.project.routingPolicy;
}

function audit(
  tx: Db,
  { projectId, live, actor }: Caller,
  row: RoutingPolicyVersion,
  action: string,
  more: { readonly before?: object; readonly after?: object },
): void {
  recordAudit(tx, { ...{ projectId, live, actor, action, entityKind: 'routing_policy', entityId: row.id }, ...more });
}
