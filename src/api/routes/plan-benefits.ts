import { Router } from 'express';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findBenefits, setPlanBenefits } from '../../db/queries/benefits.ts';
import { planGrantsOfBenefits } from '../../db/queries/plan-grants.ts';
import { findPlan } from '../../db/queries/plans.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { setPlanBenefitsBody } from '../schemas/benefit.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, writeOps } from './managed-project.ts';

/** Which benefits a plan brings. Who has the plan gains and loses them accordingly. */
export function createPlanBenefitRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/plans/:id/benefits')
    .put(async (request, response) => {
      const caller = operator(request, writeOps);
      const { benefit_ids } = parseInput(setPlanBenefitsBody, request.body ?? {});
      const em = deps.orm.em.fork();
      const found = await findPlan(em, caller.projectId, pathParam(request, 'id'));
      if (!found) throw refusal('plan_not_found', 'No plan has this id or key.');
      const benefitIds = [...new Set(benefit_ids)].toSorted();
      await refuseUnfit(em, caller, benefitIds);
      await em.transactional((tx) => keep(tx, caller, found.plan.id, benefitIds));
      response.json({ plan_id: found.plan.id, benefit_ids: benefitIds });
    })
    .all(refuseMethod('PUT'));
  return router;
}

async function refuseUnfit(em: Db, caller: Caller, ids: readonly string[]): Promise<void> {
  const known = await findBenefits(
    em,
    caller.projectId,
    ids.filter((id) => isId('ben', id)),
  );
  for (const [index, id] of ids.entries()) {
    const benefit = known.find((row) => row.id === id);
    if (!benefit) throw fieldRefusal('benefit_not_found', `/benefit_ids/${index}`, 'No benefit has this id.');
    if (!benefit.isActive) throw fieldRefusal('benefit_archived', `/benefit_ids/${index}`, 'It is archived.');
  }
}

async function keep(tx: Db, caller: Caller, planId: string, benefitIds: readonly string[]): Promise<void> {
  const { projectId, live, actor } = caller;
  const { before, changed } = await setPlanBenefits(tx, projectId, planId, benefitIds);
  if (changed.length === 0) return;
  recordAudit(tx, {
    ...{ projectId, live, actor, action: 'plan.benefits_set', entityKind: 'plan', entityId: planId },
    ...{ detail: `${changed.length} added or taken away`, before: { benefit_ids: before } },
    after: { benefit_ids: benefitIds },
  });
  await planGrantsOfBenefits(tx, projectId, changed);
}
