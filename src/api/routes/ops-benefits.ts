import { Router, type Request } from 'express';
import { z } from 'zod';
import { BenefitEntity, type Benefit } from '../../db/entities/benefit.ts';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findBenefit, listBenefits, readBenefitLinks } from '../../db/queries/benefits.ts';
import { rewriteGrantEntitlements } from '../../db/queries/grant-entitlements.ts';
import { planGrantsOfBenefits } from '../../db/queries/plan-grants.ts';
import type { Db } from '../../db/orm.ts';
import type { BenefitType } from '../../domain/benefit.ts';
import { presentBenefit } from '../../present/benefit.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { benefitProperties, createBenefitBody, listBenefitsQuery, patchBenefitBody } from '../schemas/benefit.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** What plans can bring beside access: defined here, brought to the providers by the push of plans. */
export function createOpsBenefitRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/benefits')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, type } = parseInput(listBenefitsQuery, request.query);
      const em = deps.orm.em.fork();
      const before = decodeIdCursor(cursor);
      const rows = await listBenefits(em, caller.projectId, { ...(type && { type }), before, limit });
      const present = await presenterOf(em, caller, rows);
      response.json(toPage(rows, limit, (row) => [row.id], present));
    })
    .post(operateOnce(deps, 'ben', define))
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/benefits/:id')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const em = deps.orm.em.fork();
      response.json((await answer(em, caller, await requireBenefit(em, caller, request))).body);
    })
    .patch(
      operateOnce(deps, 'ben', async ({ em, caller, request, body: sent }) => {
        const body = parseInput(patchBenefitBody, sent);
        const row = await requireBenefit(em, caller, request);
        return answer(em, caller, await change(em, caller, row, body));
      }),
    )
    .delete(
      operateOnce(deps, 'ben', async ({ em, caller, request }) =>
        answer(em, caller, await archive(em, caller, await requireBenefit(em, caller, request))),
      ),
    )
    .all(refuseMethod('GET', 'PATCH', 'DELETE'));
  return router;
}

async function define({ em, caller, body: sent, id }: Operating): Promise<Answer> {
  const body = parseInput(createBenefitBody, sent);
  const row = (await findBenefit(em, caller.projectId, id)) ?? (await add(em, caller, id, body));
  return { ...(await answer(em, caller, row)), status: 201 };
}

function add(em: Db, caller: Caller, id: string, body: z.output<typeof createBenefitBody>): Promise<Benefit> {
  const { projectId } = caller;
  const { type, description, properties } = body;
  return em.transactional(async (tx) => {
    const row = tx.create(BenefitEntity, { id, projectId, type, description, properties, isActive: true });
    tx.persist(row);
    audit(tx, caller, row, 'benefit.defined', { after: { type, description } });
    return row;
  });
}

/** Of a feature flag or a credit, everybody who holds it has what it now says. */
function change(em: Db, caller: Caller, row: Benefit, body: z.output<typeof patchBenefitBody>): Promise<Benefit> {
  if (!row.isActive) throw refusal('benefit_archived', 'The benefit is archived.');
  const properties = body.properties === undefined ? row.properties : parseProperties(row.type, body.properties);
  return em.transactional(async (tx) => {
    const before = { description: row.description, properties: row.properties };
    tx.assign(row, { properties: { ...properties }, ...(body.description && { description: body.description }) });
    const after = { description: row.description, properties: row.properties };
    audit(tx, caller, row, 'benefit.changed', { before, after });
    await tx.flush();
    await rewriteGrantEntitlements(tx, row);
    return row;
  });
}

/** @throws {BillingError} `validation_failed`, pointing into `/properties` */
function parseProperties(type: BenefitType, properties: unknown): Record<string, unknown> {
  const schema: z.ZodType<Record<string, unknown>> = benefitProperties[type];
  return parseInput(z.object({ properties: schema }), { properties }).properties;
}

function archive(em: Db, caller: Caller, row: Benefit): Promise<Benefit> {
  if (!row.isActive) return Promise.resolve(row);
  return em.transactional(async (tx) => {
    tx.assign(row, { isActive: false });
    audit(tx, caller, row, 'benefit.archived', { before: { is_active: true }, after: { is_active: false } });
    await tx.flush();
    await planGrantsOfBenefits(tx, caller.projectId, [row.id]);
    return row;
  });
}

function audit(tx: Db, caller: Caller, row: Benefit, action: string, more: { before?: unknown; after?: unknown }) {
  const { projectId, live, actor } = caller;
  recordAudit(tx, { ...{ projectId, live, actor, action, entityKind: 'benefit', entityId: row.id }, ...more });
}

/** @throws {BillingError} `benefit_not_found` */
export async function requireBenefit(em: Db, caller: Caller, request: Request): Promise<Benefit> {
  const id = pathParam(request, 'id');
  const row = isId('ben', id) ? await findBenefit(em, caller.projectId, id) : null;
  if (!row) throw refusal('benefit_not_found', 'No benefit has this id.');
  return row;
}

async function answer(em: Db, caller: Caller, row: Benefit): Promise<Answer> {
  return { status: 200, body: (await presenterOf(em, caller, [row]))(row) };
}

async function presenterOf(em: Db, caller: Caller, rows: readonly Benefit[]) {
  const ids = rows.map((row) => row.id);
  const links = await readBenefitLinks(em, caller, ids);
  return (row: Benefit) => presentBenefit(row, links.get(row.id) ?? { planIds: [], providerIds: {} });
}
