import { Router, type Request } from 'express';
import { findPlan, listPlans, listProviderPrices, type PricedPlan } from '../../db/queries/plans.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, callerOf, type Caller, type Need } from '../caller.ts';
import { decodeCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { presentPlan, type PriceWish } from '../../present/plan.ts';
import { parseInput } from '../schemas/parse.ts';
import { getPlanQuery, listPlansQuery, type GetPlanQuery } from '../schemas/plan.ts';

const read: Need = { scope: 'billing:read', permission: 'read', openToPublishable: true };

export function createPlanRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/plans')
    .get(async (request, response) => {
      const { limit, cursor, ...wish } = parseInput(listPlansQuery, request.query);
      const caller = readingCaller(request);
      const em = deps.orm.em.fork();
      const plans = await listPlans(em, { projectId: caller.projectId, limit, after: planCursor(cursor) });
      const rows = await providerIdsFor(em, caller, plans);
      response.json(
        toPage(
          plans,
          limit,
          ({ plan }) => [plan.sortOrder, plan.id],
          (priced) => presentPlan(priced, priceWish(deps, caller, wish), rows),
        ),
      );
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/plans/:id')
    .get(async (request, response) => {
      const wish = parseInput(getPlanQuery, request.query);
      const caller = readingCaller(request);
      const em = deps.orm.em.fork();
      const priced = await findPlan(em, caller.projectId, pathParam(request, 'id'));
      if (!priced || (!priced.plan.isActive && caller.kind !== 'secret'))
        throw refusal('plan_not_found', 'No plan on sale has this id or key.');
      const rows = await providerIdsFor(em, caller, [priced]);
      response.json(presentPlan(priced, priceWish(deps, caller, wish), rows));
    })
    .all(refuseMethod('GET'));
  return router;
}

function readingCaller(request: Request): Caller {
  const caller = callerOf(request);
  authorize(caller, read);
  return caller;
}

/** Providers' ids are for secret keys only. */
async function providerIdsFor(em: Db, caller: Caller, plans: readonly PricedPlan[]) {
  if (caller.kind !== 'secret') return null;
  const priceIds = plans.flatMap(({ prices }) => prices.map((price) => price.id));
  return listProviderPrices(em, { projectId: caller.projectId, live: caller.live, priceIds });
}

function priceWish(deps: ApiDeps, caller: Caller, wish: GetPlanQuery): PriceWish {
  return {
    currency: wish.currency ?? null,
    countryCurrency: wish.country === undefined ? null : (deps.policies.countryCurrencies[wish.country] ?? null),
    defaultCurrency: caller.project.defaultCurrency,
  };
}

function planCursor(cursor: string | undefined) {
  if (cursor === undefined) return null;
  const [sortOrder, id] = decodeCursor(cursor, ['number', 'string']);
  return { sortOrder: Number(sortOrder), id: String(id) };
}
