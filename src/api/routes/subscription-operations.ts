import { Router, type Request, type Response } from 'express';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { findOperation, readOperationFacts } from '../../db/queries/subscription-operations.ts';
import { decideCancel, decideUndoCancel } from '../../domain/subscription/cancel-plan.ts';
import { decideChange, decideUndoChange } from '../../domain/subscription/change-plan.ts';
import { meansOf, type Means, type PresentSubscription } from '../../domain/subscription/operation-plan.ts';
import { decidePause, decideResume } from '../../domain/subscription/pause-plan.ts';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { callerOf, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';
import { findWishedChange } from '../find-change.ts';
import { runIdempotent } from '../idempotency.ts';
import { previewChange } from '../preview-change.ts';
import { planOf } from '../refuse-operation.ts';
import { answerOperation, presentNow, requestOperation, type AskedOperation } from '../request-operation.ts';
import { parseInput } from '../schemas/parse.ts';
import {
  cancelSubscriptionBody,
  cancelSubscriptionQuery,
  changeSubscriptionBody,
  emptyBody,
  emptyQuery,
  pauseSubscriptionBody,
  type ChangeSubscriptionBody,
} from '../schemas/subscription-operations.ts';
import { findVisibleSubscription } from './subscriptions.ts';

const manage: Need = { scope: 'billing:write', permission: 'manage' };
const look: Need = { scope: 'billing:read', permission: 'manage' };

/** What is asked is decided from: the row, what waits for it, and what its provider can do. */
interface Situation {
  readonly em: Db;
  readonly row: Subscription;
  readonly present: PresentSubscription;
  readonly means: Means;
}

/** @returns null: it is as asked already. */
type Decide = (situation: Situation) => Promise<AskedOperation | null>;

/** Everything that is done to a subscription which has begun. */
export function createSubscriptionOperationRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/subscriptions/:id')
    .patch((request, response) => {
      const body = parseInput(changeSubscriptionBody, request.body ?? {});
      return operate(deps, request, response, { body, decide: (situation) => askChange(situation, body) });
    })
    .delete((request, response) => {
      parseInput(emptyQuery, request.query);
      const body = parseInput(cancelSubscriptionBody, request.body ?? {});
      return operate(deps, request, response, { body, decide: askCancel('period_end', body) });
    });
  router
    .route('/billing/subscriptions/:id/preview')
    .post((request, response) => preview(deps, request, response))
    .all(refuseMethod('POST'));
  router
    .route('/billing/subscriptions/:id/cancel')
    .post((request, response) => {
      const { cancel_immediately } = parseInput(cancelSubscriptionQuery, request.query);
      const body = parseInput(cancelSubscriptionBody, request.body ?? {});
      const when = cancel_immediately === 'true' ? 'now' : 'period_end';
      return operate(deps, request, response, { body: { ...body, when }, decide: askCancel(when, body) });
    })
    .all(refuseMethod('POST'));
  router
    .route('/billing/subscriptions/:id/pause')
    .post((request, response) => {
      const body = parseInput(pauseSubscriptionBody, request.body ?? {});
      return operate(deps, request, response, {
        body,
        async decide({ row, present, means }) {
          const wish = { when: body.when, resumesAt: body.resumes_at };
          return { kind: 'pause', plan: planOf(decidePause(present, wish, means), row), resumesAt: body.resumes_at };
        },
      });
    })
    .all(refuseMethod('POST'));
  router
    .route('/billing/subscriptions/:id/resume')
    .post((request, response) => {
      const body = parseInput(emptyBody, request.body ?? {});
      return operate(deps, request, response, { body, decide: askResume });
    })
    .all(refuseMethod('POST'));
  router
    .route('/billing/subscriptions/:id/pending-change')
    .delete((request, response) => {
      const body = parseInput(emptyBody, request.body ?? {});
      return operate(deps, request, response, {
        body,
        async decide({ row, present, means }) {
          return { kind: 'undo_change', plan: planOf(decideUndoChange(present, means), row) };
        },
      });
    })
    .all(refuseMethod('DELETE'));
  return router;
}

/** Decides, writes the request, has it carried out and answers the subscription; a repeat joins what runs. */
async function operate(
  deps: ApiDeps,
  request: Request,
  response: Response,
  { body, decide }: { readonly body: object; readonly decide: Decide },
): Promise<void> {
  const caller = callerOf(request);
  const em = deps.orm.em.fork();
  const row = await findVisibleSubscription(em, caller, pathParam(request, 'id'), manage);
  const answer = await runIdempotent({
    ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 'chg' },
    async handle(changeId) {
      const asking = { em, caller, row, changeId };
      const known = await findOperation(em, caller, changeId);
      if (known) return answerOperation(deps, asking, known);
      const asked = await decide(await situationOf(deps, em, row));
      if (asked === null) return { status: 200, body: await presentNow(em, caller, row) };
      return answerOperation(deps, asking, await requestOperation(asking, asked));
    },
  });
  if (answer.status === 202) response.set('Retry-After', '2');
  sendAnswer(request, response, answer);
}

async function preview(deps: ApiDeps, request: Request, response: Response): Promise<void> {
  const body = parseInput(changeSubscriptionBody, request.body ?? {});
  const em = deps.orm.em.fork();
  const row = await findVisibleSubscription(em, callerOf(request), pathParam(request, 'id'), look);
  const { present, means } = await situationOf(deps, em, row);
  const change = await findWishedChange(em, row, body);
  const plan = planOf(decideChange(present, change.wish, means), row);
  checkProrationAt(row, means, body);
  response.json(await previewChange(deps, { row, change, plan, prorationAt: body.proration_at }));
}

async function situationOf(deps: ApiDeps, em: Db, row: Subscription): Promise<Situation> {
  const { present } = await readOperationFacts(em, row, null);
  const { provider } = row;
  const means =
    provider === null
      ? meansOf(null, [])
      : meansOf(deps.providers.abilities(provider), deps.providers.operations(provider));
  return { em, row, present, means };
}

async function askChange(
  { em, row, present, means }: Situation,
  body: ChangeSubscriptionBody,
): Promise<AskedOperation> {
  const { wish } = await findWishedChange(em, row, body);
  const plan = planOf(decideChange(present, wish, means), row);
  checkProrationAt(row, means, body);
  return { kind: 'change', plan, wish, prorationAt: plan.timing === 'now' ? body.proration_at : null };
}

/** An instant can be pinned only where the provider takes one, and only one that a preview of this period told. */
function checkProrationAt(row: Subscription, means: Means, { proration_at: at }: ChangeSubscriptionBody): void {
  if (at === null) return;
  if (means.abilities?.preview !== true)
    throw fieldRefusal(
      'not_supported_by_provider',
      '/proration_at',
      'The provider tells no sums beforehand, so there is nothing to repeat.',
    );
  const isInPeriod = row.currentPeriodStart === null || Date.parse(at) >= row.currentPeriodStart.getTime();
  const isPast = Date.parse(at) <= Date.now() + 60_000;
  if (!isInPeriod || !isPast)
    throw fieldRefusal('validation_failed', '/proration_at', 'Must be from a preview in this period: preview again.');
}

function askCancel(
  when: 'now' | 'period_end',
  body: { readonly reason: string | null; readonly comment: string | null },
): Decide {
  return async ({ row, present, means }) => {
    const plan = planOf(decideCancel(present, when, means), row);
    const isScheduled = present.cancelAtPeriodEnd || present.waiting.cancel !== null;
    if (plan.timing === 'period_end' && isScheduled) return null;
    return { kind: 'cancel', plan, ...body };
  };
}

/** A scheduled end is undone first; whoever also wants a pause ended asks again. */
async function askResume({ row, present, means }: Situation): Promise<AskedOperation> {
  if (present.cancelAtPeriodEnd || present.waiting.cancel !== null)
    return { kind: 'undo_cancel', plan: planOf(decideUndoCancel(present, means), row) };
  return { kind: 'resume', plan: planOf(decideResume(present, means), row) };
}
