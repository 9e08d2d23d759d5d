import type { KeyRing } from '../crypto/key-ring.ts';
import { readCustomerRecords } from '../db/queries/customer-records.ts';
import { readCustomerUsage } from '../db/queries/customer-usage.ts';
import {
  deleteSections,
  listCustomerSources,
  listSections,
  noteProviderPart,
  storeSection,
} from '../db/queries/customer-data.ts';
import { BillingError } from '../domain/errors.ts';
import type { ProviderClient } from '../providers/port.ts';
import { auditJob, customersAt, findRunningJob, type CustomerDataJobRef } from './customer-data-job.ts';
import type { ActivityDeps } from './deps.ts';

/** How long an export can be fetched. */
const keptForMs = 24 * 3_600_000;

type ProviderSections = Readonly<Record<string, readonly unknown[]>>;

/** @returns the providers that the organization has been with. */
export function createListCustomerProviders(deps: ActivityDeps) {
  return async function listCustomerProviders(ref: CustomerDataJobRef): Promise<readonly string[]> {
    const sources = await listCustomerSources(deps.orm.em.fork(), ref, ref.organizationId);
    return sources.map(({ provider }) => provider);
  };
}

/**
 * Asks one provider for everything it tells of the organization and seals it into the job. What it tells never passes
 * through a history. A provider without an account any more is told as such, for nobody can ask it.
 */
export function createExportFromProvider(deps: ActivityDeps) {
  return async function exportFromProvider(ref: CustomerDataJobRef & { readonly provider: string }): Promise<void> {
    const { projectId, live, provider, jobId } = ref;
    const em = deps.orm.em.fork();
    if (!(await findRunningJob(em, ref))) return;
    const account = await deps.providers.account(projectId, live, provider);
    const found = account
      ? await askProvider(account.client, await customersAt(em, ref, provider, account.client), ref.organizationId)
      : { unavailable: 'provider_not_configured' };
    await storeSection(em, jobId, provider, seal(keyRingOf(deps), found));
    await noteProviderPart(em, jobId, provider, {
      outcome: found === null ? 'not_found' : account ? 'exported' : 'unavailable',
      retained: [],
    });
  };
}

/** Notes that a provider could not be asked for as long as the export waits. */
export function createSkipProviderExport(deps: ActivityDeps) {
  return async function skipProviderExport(
    ref: CustomerDataJobRef & { readonly provider: string; readonly code: string },
  ): Promise<void> {
    const em = deps.orm.em.fork();
    await storeSection(em, ref.jobId, ref.provider, seal(keyRingOf(deps), { unavailable: ref.code }));
    await noteProviderPart(em, ref.jobId, ref.provider, { outcome: 'unavailable', retained: [] });
  };
}

/** Puts our own tables and what the providers told together; the job is done and can be fetched for a day. */
export function createFinishExport(deps: ActivityDeps) {
  return async function finishExport(ref: CustomerDataJobRef): Promise<void> {
    const keyRing = keyRingOf(deps);
    const usage = await readCustomerUsage(deps.orm.em.fork(), ref);
    await deps.orm.em.fork().transactional(async (tx) => {
      const job = await findRunningJob(tx, ref);
      if (!job) return;
      const { organization, records } = await readCustomerRecords(tx, ref);
      const providers = [...(await listSections(tx, ref.jobId))].map(
        ([provider, data]) => [provider, unseal(keyRing, data)] as const,
      );
      const whole = {
        job_id: ref.jobId,
        organization_id: ref.organizationId,
        exported_at: new Date().toISOString(),
        organization,
        ...records,
        usage,
        providers: Object.fromEntries(providers),
      };
      const rows = Object.fromEntries(
        Object.entries({ ...records, usage }).map(([name, found]) => [name, found.length]),
      );
      const finishedAt = new Date();
      const expiresAt = new Date(finishedAt.getTime() + keptForMs);
      tx.assign(job, {
        ...{ status: 'done', finishedAt, expiresAt },
        ...{ result: seal(keyRing, whole), summary: { ...job.summary, rows } },
      });
      await deleteSections(tx, ref.jobId);
      auditJob(tx, ref, {
        ...{
          action: 'customer_data.exported',
          detail: `expires ${expiresAt.toISOString()}`,
          after: { status: 'done' },
        },
      });
    });
  };
}

/** All of a provider's customers as one. null: it knows nobody like that. */
async function askProvider(
  client: ProviderClient,
  customerIds: readonly string[],
  organizationId: string,
): Promise<ProviderSections | null> {
  const whole: Record<string, readonly unknown[]> = {};
  let isKnown = false;
  for (const providerCustomerId of customerIds) {
    const sections = await client.customerData.export({ providerCustomerId, organizationId });
    isKnown ||= sections !== null;
    for (const [name, items] of Object.entries(sections ?? {})) whole[name] = [...(whole[name] ?? []), ...items];
  }
  return isKnown ? whole : null;
}

function seal(keyRing: KeyRing, value: unknown): Buffer {
  return keyRing.encrypt(Buffer.from(JSON.stringify(value)));
}

function unseal(keyRing: KeyRing, sealed: Uint8Array): unknown {
  return JSON.parse(keyRing.decrypt(sealed).toString());
}

function keyRingOf({ keyRing }: ActivityDeps): KeyRing {
  if (keyRing) return keyRing;
  throw new BillingError({
    code: 'encryption_not_configured',
    kind: 'unavailable',
    message: 'An export is only kept sealed, and this worker has no encryption keys.',
  });
}
