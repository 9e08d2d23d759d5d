import type { Migration } from '../../db/entities/migration.ts';
import { countLeft, findMappedPrices, findRolloutsNaming } from '../../db/queries/migration-cleanup.ts';
import { listProviderAccounts } from '../../db/queries/provider-accounts.ts';
import type { Db } from '../../db/orm.ts';
import { cleanupBlockers, cleanupSteps, type CleanupFacts } from '../../domain/migration/cleanup.ts';
import type { RoutingPolicy } from '../../domain/routing/policy.ts';
import { disputeSweepId, reconciliationScheduleId } from '../../workflows/messages.ts';
import type { ApiDeps } from '../deps.ts';
import type { CleanupAnswer } from '../schemas/migration-proof.ts';

/** What is to be deleted from configuration once nobody is at the old provider any more, and what stands before that. */
export async function readCleanup(deps: ApiDeps, em: Db, migration: Migration): Promise<CleanupAnswer> {
  const facts = await factsOf(deps, em, migration);
  const blockers = cleanupBlockers(facts);
  const [first] = blockers;
  return {
    id: migration.id,
    status: first === undefined ? 'ready' : 'blocked',
    why: first === undefined ? `Nothing leans on ${facts.provider} any more.` : first.detail,
    blockers: blockers.map((blocker) => ({ ...blocker })),
    steps: cleanupSteps(facts).map((step) => ({ ...step })),
  };
}

async function factsOf(deps: ApiDeps, em: Db, migration: Migration): Promise<CleanupFacts> {
  const { projectId, live, fromProvider: provider } = migration;
  const stored = (await listProviderAccounts(em, projectId)).find(
    (row) => row.live === live && row.provider === provider,
  );
  const rules = await deps.rules.of({ projectId, live });
  const operations = deps.providers.operations(provider);
  const credentials = deps.providers.credentials(provider);
  const shipped = new Set([...deps.policies.routing.values()].filter((policy) => names(policy, provider)));
  return {
    ...{ provider, projectId, live },
    counts: await countLeft(em, migration),
    rollouts: await findRolloutsNaming(em, migration),
    policies: [...rules.policies.values()]
      .map(({ policy }) => policy)
      .filter((policy) => names(policy, provider))
      .map((policy) => ({ name: policy.name, isShipped: shipped.has(policy) })),
    prices: await findMappedPrices(em, migration),
    schedules: [
      ...(operations.includes('disputes.list') ? [disputeSweepId(provider)] : []),
      ...(operations.includes('changes.list') ? [reconciliationScheduleId(provider)] : []),
    ],
    webhookUrls: webhookUrlsOf(deps, projectId, provider),
    webhookEndpointId: stored?.webhookEndpointId ?? null,
    isStored: stored !== undefined,
    keys:
      stored === undefined
        ? Object.entries(credentials).flatMap(([key, field]) => [
            key,
            ...(field.previousKey ? [field.previousKey] : []),
          ])
        : [...stored.credentialKeys],
  };
}

function names({ rules, fallback_provider }: RoutingPolicy, provider: string): boolean {
  return fallback_provider === provider || rules.some((rule) => rule.provider === provider);
}

/** Every address of ours that the provider may send to. */
function webhookUrlsOf({ settings }: ApiDeps, projectId: string, provider: string): readonly string[] {
  const base = `${settings.publicUrl}/api/v1`;
  const own = `${base}/webhooks/${provider}/${projectId}`;
  return projectId === 'default' ? [`${base}/webhooks/${provider}`, own, `${base}/${provider}/webhooks`] : [own];
}
