import { Router, type Request } from 'express';
import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { findCharged, findPaymentMethod, listPaymentMethods } from '../../db/queries/payment-methods.ts';
import { presentPaymentMethod } from '../../present/payment-method.ts';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Caller, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent, type Answer } from '../idempotency.ts';
import { requestAttach } from '../payment-method/attach-payment-method.ts';
import { attachPaymentMethod, changePaymentMethod } from '../payment-method/ask-payment-method.ts';
import { refreshPaymentMethods } from '../payment-method/refresh-payment-methods.ts';
import { parseInput } from '../schemas/parse.ts';
import { attachPaymentMethodBody, listPaymentMethodsQuery, syncPaymentMethodsBody } from '../schemas/payment-method.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };
const manage: Need = { scope: 'billing:write', permission: 'manage' };

/** A list asks the providers again when nobody has for this long; `…/sync` asks at once. */
const freshForMs = 10 * 60_000;
const firstPage = 100;

export function createPaymentMethodRoutes(deps: ApiDeps): Router {
  const router = Router();
  router.route('/billing/payment-methods').post(attach(deps)).get(list(deps)).all(refuseMethod('GET', 'POST'));
  router.route('/billing/payment-methods/sync').post(sync(deps)).all(refuseMethod('POST'));
  router
    .route('/billing/payment-methods/:id')
    .get(async (request, response) => {
      const row = await visibleMethod(deps.orm.em.fork(), request, read);
      response.json(presentPaymentMethod(row));
    })
    .delete(change(deps, 'detach'))
    .all(refuseMethod('GET', 'DELETE'));
  router.route('/billing/payment-methods/:id/default').post(change(deps, 'default')).all(refuseMethod('POST'));
  return router;
}

type Handler = (request: Request, response: Parameters<typeof sendAnswer>[1]) => Promise<void>;

function attach(deps: ApiDeps): Handler {
  return async (request, response) => {
    const caller = callerOf(request);
    const body = parseInput(attachPaymentMethodBody, request.body ?? {});
    authorizeFor(caller, manage, body.organization_id, 'organization_not_found');
    const em = deps.orm.em.fork();
    const answer = await runIdempotent({
      ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 'pm' },
      handle: async (id) => {
        const hasIdempotencyKey = request.get('idempotency-key') !== undefined;
        const row = await requestAttach(em, deps, { caller, body, id, hasIdempotencyKey });
        const settled = await attachPaymentMethod(deps, em, row);
        return { status: settled.status === 'attaching' ? 202 : 201, body: presentPaymentMethod(settled) };
      },
    });
    if (answer.status === 202) response.set('Retry-After', '2');
    sendAnswer(request, response, answer);
  };
}

function list(deps: ApiDeps): Handler {
  return async (request, response) => {
    const caller = callerOf(request);
    const query = parseInput(listPaymentMethodsQuery, request.query);
    const organizationIds = visibleOrganizations(caller, read, query.organization_id);
    const em = deps.orm.em.fork();
    const organizationId = query.organization_id;
    if (organizationId !== undefined && query.cursor === undefined)
      await refreshPaymentMethods(deps, em, caller, { organizationId, olderThanMs: freshForMs });
    const rows = await listPaymentMethods(em, caller, {
      ...{ organizationIds, before: decodeIdCursor(query.cursor), limit: query.limit },
      ...(query.provider !== undefined && { provider: query.provider }),
    });
    response.json(toPage(rows, query.limit, (row) => [row.id], presentPaymentMethod));
  };
}

function sync(deps: ApiDeps): Handler {
  return async (request, response) => {
    const caller = callerOf(request);
    const { organization_id: organizationId } = parseInput(syncPaymentMethodsBody, request.body ?? {});
    authorizeFor(caller, manage, organizationId, 'organization_not_found');
    const em = deps.orm.em.fork();
    await refreshPaymentMethods(deps, em, caller, { organizationId, olderThanMs: 0 });
    const page = { organizationIds: [organizationId], before: null, limit: firstPage };
    const rows = await listPaymentMethods(em, caller, page);
    response.json(toPage(rows, firstPage, (row) => [row.id], presentPaymentMethod));
  };
}

function change(deps: ApiDeps, act: 'detach' | 'default'): Handler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const caller = callerOf(request);
    const row = await visibleMethod(em, request, manage);
    const answer = await runIdempotent({
      ...{ em, caller, request, body: request.body ?? {}, publicUrl: deps.settings.publicUrl, prefix: 'pm' },
      handle: () => (act === 'detach' ? detach(deps, em, row) : makeDefault(deps, em, row)),
    });
    if (answer.status === 202) response.set('Retry-After', '2');
    sendAnswer(request, response, answer);
  };
}

/** What is gone already answers as it stands. */
export async function detach(deps: ApiDeps, em: Db, row: PaymentMethod): Promise<Answer> {
  if (row.status === 'detached' || row.status === 'failed') return { status: 200, body: presentPaymentMethod(row) };
  refuseBusy(row);
  refuseUnable(deps, row, ['paymentMethods.detach']);
  const charged = await findCharged(em.fork(), row);
  if (charged)
    throw refusal('payment_method_in_use', 'A subscription is charged to it, and no other one is the default there.', {
      details: { subscription_id: charged.id },
    });
  const detached = await changePaymentMethod(deps, em, row, 'detach');
  return { status: detached.status === 'detached' ? 200 : 202, body: presentPaymentMethod(detached) };
}

export async function makeDefault(deps: ApiDeps, em: Db, row: PaymentMethod): Promise<Answer> {
  refuseBusy(row);
  if (row.status !== 'active') throw refusal('payment_method_unknown', 'It is not stored (any more).');
  refuseUnable(deps, row, ['paymentMethods.setDefault', 'subscriptions.setPaymentMethod']);
  const changed = await changePaymentMethod(deps, em, row, 'default');
  return { status: changed.isDefault ? 200 : 202, body: presentPaymentMethod(changed) };
}

function refuseBusy(row: PaymentMethod): void {
  if (row.status === 'attaching') throw refusal('payment_method_busy', 'It is not attached yet: read it again soon.');
}

function refuseUnable(deps: ApiDeps, row: PaymentMethod, anyOf: readonly string[]): void {
  const operations = deps.providers.operations(row.provider);
  if (anyOf.some((operation) => operations.includes(operation))) return;
  throw refusal('not_supported_by_provider', 'This provider leaves that to its own portal.', {
    details: { provider: row.provider },
  });
}

async function visibleMethod(em: Db, request: Request, need: Need): Promise<PaymentMethod> {
  const caller = callerOf(request);
  authorize(caller, need);
  const id = pathParam(request, 'id');
  const row = isId('pm', id) ? await findPaymentMethod(em, caller, id) : null;
  if (!row || !mayKnowOf(caller, row)) throw refusal('payment_method_unknown', 'No payment method has this id.');
  authorizeFor(caller, need, row.organizationId, 'organization_not_found');
  return row;
}

function mayKnowOf({ organizations }: Caller, row: PaymentMethod): boolean {
  return organizations === null || organizations.has(row.organizationId);
}
