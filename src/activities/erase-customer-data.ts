import { listCustomerSources, noteProviderPart } from '../db/queries/customer-data.ts';
import { eraseCustomerRows, keptByUs } from '../db/queries/erase-customer.ts';
import { rollUsageToNow } from '../db/queries/roll-usage.ts';
import { listLiveSubscriptions } from '../db/queries/subscriptions.ts';
import type { ProviderPart } from '../db/entities/customer-data.ts';
import { presentCustomerDataJob } from '../present/customer-data.ts';
import { callKey } from './call-key.ts';
import { auditJob, customersAt, findRunningJob, type CustomerDataJobRef } from './customer-data-job.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';
import { recordEvent } from './record-event.ts';

export interface ErasureState {
  /** Whoever still pays is not erased. */
  readonly liveSubscriptionIds: readonly string[];
  readonly providers: readonly string[];
}

/** What stands before an erasure. */
export function createPrepareErasure(deps: ActivityDeps) {
  return async function prepareErasure(ref: CustomerDataJobRef): Promise<ErasureState> {
    const em = deps.orm.em.fork();
    const subscriptions = await listLiveSubscriptions(em, ref, ref.organizationId);
    const sources = await listCustomerSources(em, ref, ref.organizationId);
    return {
      liveSubscriptionIds: subscriptions.map(({ id }) => id),
      providers: sources.map(({ provider }) => provider),
    };
  };
}

/** Has one provider erase what it can, and notes what it keeps. Again, it finds nobody, which is as good. */
export function createEraseAtProvider(deps: ActivityDeps) {
  return async function eraseAtProvider(ref: CustomerDataJobRef & { readonly provider: string }): Promise<void> {
    const { projectId, live, organizationId, jobId, provider } = ref;
    const em = deps.orm.em.fork();
    const job = await findRunningJob(em, ref);
    if (!job) return;
    const { client } = await accountOf(deps, projectId, live, provider);
    const parts: ProviderPart[] = [];
    for (const providerCustomerId of await customersAt(em, ref, provider, client)) {
      const businessId = `${jobId}/${providerCustomerId}`;
      const idempotencyKey = callKey({ projectId, operation: 'customerData.erase', businessId, provider });
      parts.push(await client.customerData.erase({ providerCustomerId, organizationId, idempotencyKey }));
    }
    // The answer to a first try may have been lost: then what it noted nowhere is still true.
    const done = parts.find(({ outcome }) => outcome !== 'not_found');
    const retained = new Set([
      ...parts.flatMap((part) => part.retained),
      ...(parts.length > 0 ? (deps.providers.abilities(provider)?.retains ?? []) : []),
    ]);
    await noteProviderPart(em, jobId, provider, { outcome: done?.outcome ?? 'not_found', retained: [...retained] });
  };
}

/** Takes what is personal out of our own tables, once nothing at a provider needs it any more. */
export function createFinishErasure(deps: ActivityDeps) {
  return async function finishErasure(ref: CustomerDataJobRef): Promise<void> {
    const { projectId, live, organizationId, jobId } = ref;
    await rollUsageToNow(deps.orm.em.fork());
    await deps.orm.em.fork().transactional(async (tx) => {
      const job = await findRunningJob(tx, ref);
      if (!job) return;
      const rows = await eraseCustomerRows(tx, ref);
      const summary = { ...job.summary, rows, kept: keptByUs };
      tx.assign(job, { status: 'done', summary, finishedAt: new Date() });
      auditJob(tx, ref, {
        action: 'customer_data.erased',
        detail: Object.entries(rows)
          .map(([table, count]) => `${table}: ${count}`)
          .join(', '),
        after: summary,
      });
      await tx.flush();
      await recordEvent(tx, {
        ...{ projectId, live, organizationId, type: 'customer_data.erased', cause: jobId },
        ...{ objectKind: 'customer_data_job', objectId: jobId, data: presentCustomerDataJob(job, null) },
      });
    });
  };
}
