import { Router, type RequestHandler } from 'express';
import type { KeyRing } from '../../crypto/key-ring.ts';
import type { CustomerDataJob } from '../../db/entities/customer-data.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import { isId, newId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { findCustomerDataJob, isKnownCustomer, requestCustomerDataJob } from '../../db/queries/customer-data.ts';
import { listLiveSubscriptions } from '../../db/queries/subscriptions.ts';
import type { Db } from '../../db/orm.ts';
import { presentCustomerDataJob } from '../../present/customer-data.ts';
import { customerDataStart } from '../../workflows/start-options.ts';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { askWorkflow } from '../ask-workflow.ts';
import { authorizeFor, callerOf, type Caller, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent } from '../idempotency.ts';
import { namedOrganization } from '../named-organization.ts';
import type { PortalActs } from '../portal/portal-acts.ts';
import { customerData, customerDataQuery, eraseCustomerQuery, type CustomerDataAnswer } from '../schemas/customer.ts';
import { parseInput } from '../schemas/parse.ts';

/** Everything personal at once: for whoever manages the organization. */
const exportIt: Need = { scope: 'billing:read', permission: 'manage' };
/** Cannot be undone: for the app's own server. */
const eraseIt: Need = { scope: 'billing:write', permission: null };

/** @param acts How live subscriptions are ended, where an erasure shall do that. */
export function createCustomerDataRoutes(deps: ApiDeps, acts: Pick<PortalActs, 'cancel'>): Router {
  const router = Router();
  // What is exported and erased is with every provider, whichever name the path has.
  for (const path of ['/billing/customer/data', ...deps.providers.ids().map((id) => `/${id}/customer/data`)])
    router
      .route(path)
      .get(exportCustomerData(deps))
      .delete(eraseCustomerData(deps, acts))
      .all(refuseMethod('GET', 'DELETE'));
  router
    .route('/billing/customer/data/jobs/:id')
    .get(async (request, response) => {
      const caller = callerOf(request);
      const id = pathParam(request, 'id');
      const job = isId('job', id) ? await readJob(deps, deps.orm.em.fork(), caller, id) : null;
      if (!job) throw refusal('job_not_found', 'No job on customer data has this id.');
      authorizeFor(caller, exportIt, job.row.organizationId, 'job_not_found');
      response.set('Cache-Control', 'no-store').json(presentCustomerDataJob(job.row, job.result));
    })
    .all(refuseMethod('GET'));
  return router;
}

/** 200 with everything if it is gathered soon, else 202 with the job to ask again. */
function exportCustomerData(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(request);
    const query = parseInput(customerDataQuery, request.query);
    const organizationId = namedOrganization(caller, exportIt, query.organization_id);
    requireKeyRing(deps);
    const em = deps.orm.em.fork();
    await requireCustomer(em, caller, organizationId);
    const job = await runJob(deps, em, caller, { id: newId('job'), organizationId, kind: 'export' });
    response.set('Cache-Control', 'no-store');
    if (job.result) response.json(job.result);
    else if (job.row.status === 'failed') throw refusal('customer_erased', 'The export ended without a result.');
    else response.status(202).json(presentCustomerDataJob(job.row, null));
  };
}

function eraseCustomerData(deps: ApiDeps, acts: Pick<PortalActs, 'cancel'>): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(request);
    const query = parseInput(eraseCustomerQuery, request.query);
    const { organization_id: organizationId, cancel_subscriptions: cancels } = query;
    authorizeFor(caller, eraseIt, organizationId, 'organization_not_found');
    const em = deps.orm.em.fork();
    const { publicUrl } = deps.settings;
    const answer = await runIdempotent({
      ...{ em, caller, request, body: query, prefix: 'job', publicUrl },
      async handle(id) {
        const isRepeat = (await findCustomerDataJob(em, caller, id, { withResult: false })) !== null;
        if (!isRepeat) {
          await requireCustomer(em, caller, organizationId);
          const live = await listLiveSubscriptions(em, caller, organizationId);
          if (cancels !== 'true') refuseLive(live);
          // One after the other; what is slow is waited for by the job.
          for (const row of live) await acts.cancel({ caller, row, timing: 'now' });
        }
        const { row } = await runJob(deps, em, caller, { id, organizationId, kind: 'erasure' });
        return { status: 202, body: presentCustomerDataJob(row, null) };
      },
    });
    sendAnswer(request, response, answer);
  };
}

function refuseLive(live: readonly Subscription[]): void {
  if (live.length === 0) return;
  const ids = live.map(({ id }) => id);
  throw refusal('subscription_live', `Still live: ${ids.join(', ')}.`, { details: { subscription_ids: ids } });
}

/** Writes the job, or joins the one under way, asks its workflow, and reads what came of it. */
async function runJob(
  deps: ApiDeps,
  em: Db,
  caller: Caller,
  job: Pick<CustomerDataJob, 'id' | 'organizationId' | 'kind'>,
): Promise<ReadJob> {
  const { projectId, live, actor } = caller;
  const { id } = await em.transactional(async (tx) => {
    const requested = await requestCustomerDataJob(tx, { ...job, projectId, live, actor });
    if (requested.isNew)
      recordAudit(tx, {
        ...{ projectId, live, actor, action: `customer_data.${job.kind}_requested`, detail: requested.id },
        ...{ entityKind: 'organization', entityId: job.organizationId, after: { status: 'running' } },
      });
    return requested;
  });
  const start = customerDataStart({ ...job, id, projectId, live });
  await askWorkflow(deps.logger, { job_id: id }, (deadline) => deps.temporal.runToEnd(start, deadline));
  const found = await readJob(deps, em, caller, id);
  if (!found) throw refusal('internal_error', 'The job that was just written is gone.');
  return found;
}

interface ReadJob {
  readonly row: CustomerDataJob;
  readonly result: CustomerDataAnswer | null;
}

/** With what an export found, until that expires. */
async function readJob(deps: ApiDeps, em: Db, caller: Caller, id: string): Promise<ReadJob | null> {
  const row = await findCustomerDataJob(em, caller, id, { withResult: true });
  if (!row) return null;
  const sealed = row.result;
  const isThere = sealed != null && row.expiresAt !== null && row.expiresAt.getTime() > Date.now();
  if (!isThere) return { row, result: null };
  const opened: unknown = JSON.parse(requireKeyRing(deps).decrypt(sealed).toString());
  return { row, result: customerData.parse(opened) };
}

/** @throws {BillingError} `customer_not_found` */
async function requireCustomer(em: Db, caller: Caller, organizationId: string): Promise<void> {
  if (!(await isKnownCustomer(em, caller, organizationId)))
    throw refusal('customer_not_found', 'The organization never was a customer.');
}

/** @throws {BillingError} `encryption_not_configured` */
function requireKeyRing({ keyRing }: ApiDeps): KeyRing {
  if (keyRing) return keyRing;
  throw refusal('encryption_not_configured', 'Exports are only kept encrypted, and this deployment has no key.');
}
