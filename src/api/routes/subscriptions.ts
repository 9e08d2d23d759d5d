import { Router } from 'express';
import type { Subscription } from '../../db/entities/subscription.ts';
import { isId } from '../../db/new-id.ts';
import { findPlan, listPlanKeys } from '../../db/queries/plans.ts';
import { listTimeline } from '../../db/queries/checkouts.ts';
import { listPendingChanges, listScheduledPauses } from '../../db/queries/subscription-changes.ts';
import { findSubscription, listSubscriptions } from '../../db/queries/subscriptions.ts';
import type { Db } from '../../db/orm.ts';
import { createSubscription } from './create-subscription.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Caller, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { presentSubscription } from '../../present/subscription.ts';
import { presentTimeline } from '../../present/values.ts';
import { parseInput } from '../schemas/parse.ts';
import { listSubscriptionsQuery, organizationSubscriptionQuery } from '../schemas/subscription.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };
/** More than any organization has had. */
const manySubscriptions = 200;

export function createSubscriptionRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/subscriptions')
    .get(async (request, response) => {
      const { limit, cursor, status, organization_id } = parseInput(listSubscriptionsQuery, request.query);
      const caller = callerOf(request);
      const em = deps.orm.em.fork();
      const rows = await listSubscriptions(em, caller, {
        organizationIds: visibleOrganizations(caller, read, organization_id),
        ...(status !== undefined && { status }),
        before: decodeIdCursor(cursor),
        limit,
      });
      const present = await presenterOf(em, caller, rows);
      response.json(toPage(rows, limit, (row) => [row.id], present));
    })
    .post(createSubscription(deps))
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/billing/subscriptions/:id')
    .get(async (request, response) => {
      const caller = callerOf(request);
      const em = deps.orm.em.fork();
      const row = await findVisibleSubscription(em, caller, pathParam(request, 'id'), read);
      response.json({
        ...(await presenterOf(em, caller, [row]))(row),
        timeline: presentTimeline(await listTimeline(em, row.projectId, row.id)),
      });
    })
    .all(refuseMethod('GET', 'PATCH', 'DELETE'));
  router
    .route('/billing/organizations/:id/subscription')
    .get(async (request, response) => {
      const caller = callerOf(request);
      const { plan } = parseInput(organizationSubscriptionQuery, request.query);
      const em = deps.orm.em.fork();
      const row = await currentOf(em, caller, pathParam(request, 'id'), plan);
      if (!row) throw refusal('subscription_not_found', 'The organization has no such subscription.');
      response.json((await presenterOf(em, caller, [row]))(row));
    })
    .all(refuseMethod('GET'));
  return router;
}

/**
 * The subscription that a path names; an id that is no subscription's is an organization's, and means its current one:
 * the newest that entitles, else one that is paused.
 *
 * @throws {BillingError} `subscription_not_found`, `organization_not_found`, `insufficient_scope`
 */
export async function findVisibleSubscription(em: Db, caller: Caller, id: string, need: Need): Promise<Subscription> {
  authorize(caller, need);
  const row = isId('sub', id)
    ? await findSubscription(em, caller, id)
    : ((await currentOf(em, caller, id, undefined)) ?? (await pausedOf(em, caller, id)));
  if (!row) throw refusal('subscription_not_found', 'No subscription has this id.');
  authorizeFor(caller, need, row.organizationId, 'subscription_not_found');
  return row;
}

async function pausedOf(em: Db, caller: Caller, organizationId: string): Promise<Subscription | null> {
  const query = { organizationIds: [organizationId], status: 'paused', before: null, limit: 1 } as const;
  return (await listSubscriptions(em, caller, query))[0] ?? null;
}

/**
 * The organization's subscription: the newest that entitles; to a named plan also one that has ended, so that its end
 * can be shown.
 */
async function currentOf(
  em: Db,
  caller: Caller,
  organizationId: string,
  plan: string | undefined,
): Promise<Subscription | null> {
  authorizeFor(caller, read, organizationId, 'organization_not_found');
  const wanted = plan === undefined ? null : await findPlan(em, caller.projectId, plan);
  if (plan !== undefined && wanted === null) return null;
  const rows = await listSubscriptions(em, caller, {
    organizationIds: [organizationId],
    ...(wanted && { planId: wanted.plan.id }),
    before: null,
    limit: manySubscriptions,
  });
  const entitling = rows.find((row) => row.isEntitled);
  return entitling ?? (wanted ? (rows[0] ?? null) : null);
}

/** How these rows are shown, with what waits for each. */
export async function presenterOf(em: Db, caller: Caller, rows: readonly Subscription[]) {
  const ids = rows.map((row) => row.id);
  const pending = await listPendingChanges(em, ids);
  const pauses = await listScheduledPauses(em, ids);
  const planIds = [...rows, ...pending.values()].map((row) => row.planId).filter((id) => id !== null);
  const keys = await listPlanKeys(em, caller.projectId, [...new Set(planIds)]);
  return (row: Subscription) => presentSubscription(row, keys, pending.get(row.id) ?? null, pauses.get(row.id) ?? null);
}
