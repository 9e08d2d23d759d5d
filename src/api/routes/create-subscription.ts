import type { Request, Response } from 'express';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { listPlanKeys } from '../../db/queries/plans.ts';
import { presentSubscription } from '../../present/subscription.ts';
import { sendAnswer } from '../answer.ts';
import { authorizeFor, callerOf, type Caller, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { beginSubscription, isUndecided } from '../direct-subscription/begin-subscription.ts';
import { requestSubscription } from '../direct-subscription/request-subscription.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent } from '../idempotency.ts';
import { createSubscriptionBody, type CreateSubscriptionBody } from '../schemas/direct-subscription.ts';
import { parseInput } from '../schemas/parse.ts';

const manage: Need = { scope: 'billing:write', permission: 'manage' };

/** `POST /billing/subscriptions`: begins one without a hosted page. */
export function createSubscription(deps: ApiDeps) {
  return async (request: Request, response: Response): Promise<void> => {
    const caller = callerOf(request);
    const body = parseInput(createSubscriptionBody, request.body ?? {});
    authorizeFor(caller, manage, body.organization_id, 'organization_not_found');
    refusePrivileged(caller, body);
    const em = deps.orm.em.fork();
    const answer = await runIdempotent({
      ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 'sub' },
      handle: async (id) => {
        const hasIdempotencyKey = request.get('idempotency-key') !== undefined;
        const row = await requestSubscription(em, deps, { caller, body, request, id, hasIdempotencyKey });
        const begun = await beginSubscription(deps, em, row);
        countFallback(deps, begun);
        return { status: isUndecided(begun) ? 202 : 201, body: await present(em, begun) };
      },
    });
    if (answer.status === 202) response.set('Retry-After', '2');
    sendAnswer(request, response, answer);
  };
}

function countFallback(deps: ApiDeps, { fallback }: Subscription): void {
  if (fallback === null) return;
  const { attempted_provider: attempted, fallback_provider, reason } = fallback;
  deps.metrics.subscriptionFallbacks.inc({ attempted, fallback: fallback_provider ?? 'none', reason });
}

/** What a browser could misuse is for servers. */
function refusePrivileged(caller: Caller, body: CreateSubscriptionBody): void {
  if (body.trial_days === null || caller.kind === 'secret') return;
  const details = { required: 'billing:write' };
  throw refusal('insufficient_scope', 'Choosing a trial needs a secret key with billing:write.', { details });
}

async function present(em: Db, row: Subscription) {
  return presentSubscription(row, await listPlanKeys(em.fork(), row.projectId, [row.planId]), null, null);
}
