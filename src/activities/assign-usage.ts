import { assignItems, listUntoldItems, listWaitingProviders, type UntoldItem } from '../db/queries/usage-assign.ts';
import { listBillingCandidates } from '../db/queries/usage-billers.ts';
import type { Db } from '../db/orm.ts';
import {
  assign,
  billerOf,
  billerOfItem,
  openBillMs,
  type Assignment,
  type UsageTerms,
} from '../domain/usage/biller.ts';
import type { UsageReportRef } from './begin-usage-report.ts';
import type { ActivityDeps } from './deps.ts';

const pageSize = 1_000;

/**
 * Decides whom each item is told to that nobody has been told of, by who bills its organization now: of this report, and
 * of earlier ones that did not go through or were asked for again. Safe to repeat.
 *
 * @returns the providers that are still to be told something.
 */
export function createAssignUsage(deps: ActivityDeps) {
  return async function assignUsage(ref: UsageReportRef): Promise<{ readonly providers: readonly string[] }> {
    const { projectId, live } = ref;
    const termsOf = createTerms(deps, ref);
    for (let after = ''; ;) {
      const em = deps.orm.em.fork();
      const items = await listUntoldItems(em, { projectId, live }, { after, limit: pageSize });
      await assignItems(em, await decide(em, ref, items, termsOf));
      const last = items.at(-1);
      if (last === undefined || items.length < pageSize) break;
      after = last.id;
    }
    return { providers: await listWaitingProviders(deps.orm.em.fork(), { projectId, live }) };
  };
}

type TermsOf = (provider: string) => Promise<UsageTerms | null>;

async function decide(
  em: Db,
  ref: UsageReportRef,
  items: readonly UntoldItem[],
  termsOf: TermsOf,
): Promise<readonly (Assignment & { readonly id: string })[]> {
  const organizationIds = [...new Set(items.map(({ organizationId }) => organizationId))];
  const candidates = await listBillingCandidates(em, ref, { organizationIds, openBillMs });
  const nowMs = Date.now();
  return Promise.all(
    items.map(async ({ id, organizationId, aggregation, bucketMs, occurredAtMs, told }) => {
      const biller = billerOfItem(billerOf(candidates.get(organizationId) ?? [], nowMs), told);
      const terms = biller && (await termsOf(biller.provider));
      return { id, ...assign({ biller, terms, aggregation, bucketMs, occurredAtMs, nowMs }) };
    }),
  );
}

/** What the provider takes. One whose keys are away takes what it would: then the sending waits for them. */
function createTerms(deps: ActivityDeps, { projectId, live }: UsageReportRef): TermsOf {
  const known = new Map<string, Promise<UsageTerms | null>>();
  const read = async (provider: string): Promise<UsageTerms | null> => {
    const account = await deps.background.account(projectId, live, provider);
    if (account) return account.client.usage?.limits ?? null;
    return deps.background.operations(provider).includes('usage.ingest') ? anything : null;
  };
  return (provider) => {
    const found = known.get(provider) ?? read(provider);
    known.set(provider, found);
    return found;
  };
}

const anything: UsageTerms = {
  aggregations: ['sum', 'count', 'max', 'last', 'unique'],
  maxAgeMs: null,
  billedBy: 'receipt',
};
