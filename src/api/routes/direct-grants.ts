import { Router, type Request, type Response } from 'express';
import type { Benefit, BenefitGrant } from '../../db/entities/benefit.ts';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findGrant, listGrants } from '../../db/queries/benefit-grants.ts';
import { addDirectGrant, planRevocation } from '../../db/queries/direct-grants.ts';
import { ensureOrganization } from '../../db/queries/organizations.ts';
import type { Db } from '../../db/orm.ts';
import { grantStart } from '../../workflows/start-options.ts';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { Caller } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent } from '../idempotency.ts';
import { grantBenefitBody, listGrantsQuery } from '../schemas/benefit.ts';
import { parseInput } from '../schemas/parse.ts';
import { grantPresenter } from './benefits.ts';
import { operator, readOps, writeOps } from './managed-project.ts';
import { requireBenefit } from './ops-benefits.ts';

/** Benefits given to an organization without a purchase, and taken back. */
export function createDirectGrantRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/benefits/:id/grants')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, organization_id } = parseInput(listGrantsQuery, request.query);
      const em = deps.orm.em.fork();
      const benefit = await requireBenefit(em, caller, request);
      const rows = await listGrants(em, caller, {
        organizationIds: organization_id === undefined ? null : [organization_id],
        ...{ benefitId: benefit.id, before: decodeIdCursor(cursor), limit },
      });
      response.json(toPage(rows, limit, (row) => [row.id], await maskedPresenter(deps, em, rows)));
    })
    .post((request, response) => grant(deps, request, response))
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/benefits/:id/grants/:grant')
    .delete((request, response) => revoke(deps, request, response))
    .all(refuseMethod('DELETE'));
  return router;
}

async function grant(deps: ApiDeps, request: Request, response: Response): Promise<void> {
  const caller = operator(request, writeOps);
  const body = parseInput(grantBenefitBody, request.body ?? {});
  const em = deps.orm.em.fork();
  const benefit = await requireBenefit(em, caller, request);
  if (!benefit.isActive) throw refusal('benefit_archived', 'Nobody gets an archived benefit.');
  const answer = await runIdempotent({
    ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 'grant' },
    handle: async (id) => {
      const planned = await plan(em, caller, benefit, body.organization_id, id);
      const row = await carryOut(deps, em, planned);
      const isDone = row.status !== 'pending';
      return { status: isDone ? 201 : 202, body: (await maskedPresenter(deps, em, [row]))(row) };
    },
  });
  sendAnswer(request, response, answer);
}

/** An organization has a benefit directly once: asking again answers the grant that it has. */
async function plan(
  em: Db,
  caller: Caller,
  benefit: Benefit,
  organizationId: string,
  id: string,
): Promise<BenefitGrant> {
  const { projectId, live, actor } = caller;
  await ensureOrganization(em, { projectId, live, id: organizationId });
  const grantId = await em.transactional(async (tx) => {
    const added = await addDirectGrant(tx, { projectId, live, organizationId, benefitId: benefit.id, id });
    if (added.isNew)
      recordAudit(tx, {
        ...{ projectId, live, actor, action: 'benefit.grant_requested', entityKind: 'benefit_grant' },
        ...{ entityId: added.id, detail: benefit.type, after: { status: 'pending' } },
      });
    return added.id;
  });
  return requireGrant(em, caller, grantId);
}

async function revoke(deps: ApiDeps, request: Request, response: Response): Promise<void> {
  const caller = operator(request, writeOps);
  const em = deps.orm.em.fork();
  const benefit = await requireBenefit(em, caller, request);
  const id = pathParam(request, 'grant');
  const row = await requireGrant(em, caller, id);
  if (row.benefitId !== benefit.id) throw refusal('grant_not_found', 'The benefit has no such grant.');
  if (row.sourceKind !== 'direct')
    throw refusal('grant_not_direct', `It was given by ${row.sourceId}, and ends with that.`);
  const answer = await runIdempotent({
    ...{ em, caller, request, body: {}, publicUrl: deps.settings.publicUrl, prefix: 'grant' },
    handle: async () => {
      await em.transactional(async (tx) => {
        const before = await planRevocation(tx, row.id);
        if (before === null) return;
        const { projectId, live, actor } = caller;
        const entity = { entityKind: 'benefit_grant', entityId: row.id, detail: benefit.type };
        recordAudit(tx, {
          ...{ projectId, live, actor, action: 'benefit.revocation_requested' },
          ...entity,
          before: { status: before },
          after: { status: 'revoking' },
        });
      });
      const ended = await carryOut(deps, em, await requireGrant(em, caller, row.id));
      const body = (await maskedPresenter(deps, em, [ended]))(ended);
      return { status: ended.status === 'revoking' ? 202 : 200, body };
    },
  });
  sendAnswer(request, response, answer);
}

/** Has a workflow do what is planned, and answers how the grant stands then. */
async function carryOut(deps: ApiDeps, em: Db, row: BenefitGrant): Promise<BenefitGrant> {
  if (row.status !== 'pending' && row.status !== 'revoking') return row;
  const start = grantStart({ ...row, grantId: row.id });
  await askWorkflow(deps.logger, { grant: row.id }, (deadline) => deps.temporal.runToEnd(start, deadline));
  return (await findGrant(em, row, row.id)) ?? row;
}

async function requireGrant(em: Db, caller: Caller, id: string): Promise<BenefitGrant> {
  const row = isId('grant', id) ? await findGrant(em, caller, id) : null;
  if (!row) throw refusal('grant_not_found', 'No grant has this id.');
  return row;
}

/** License keys are their owners': operators see the last letters. What is replayed is stored, and must hold none. */
function maskedPresenter(deps: ApiDeps, em: Db, rows: readonly BenefitGrant[]) {
  return grantPresenter({ logger: deps.logger, keyRing: null }, em, rows);
}
