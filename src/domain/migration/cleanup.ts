/** What still leans on the old provider, by our rows. */
export interface CleanupCounts {
  /** Items that are on their way. */
  readonly openItems: number;
  /** Items that a person must decide. */
  readonly attention: number;
  /** Subscriptions that renew there: kept, excluded, or never in a migration. */
  readonly liveSubscriptions: number;
  /** Subscriptions that end there with their period. */
  readonly endingSubscriptions: number;
  readonly openCheckouts: number;
  /** Finished archives. */
  readonly archives: number;
  /** Of the newest finished proof; null: there is none. */
  readonly isProvenClean: boolean | null;
  /** Organizations whose preferred provider it is. */
  readonly preferring: number;
}

/** Why the old provider's configuration must stay for now. */
export interface CleanupBlocker {
  readonly code: string;
  readonly count: number;
  readonly detail: string;
}

/** One thing to delete, in the order in which it is safe: who still sends customers there first, the keys last. */
export interface CleanupStep {
  readonly kind: 'rollout' | 'policy' | 'organizations' | 'price' | 'schedule' | 'webhook' | 'account' | 'key';
  /** What it is called; never what it holds. */
  readonly name: string;
  readonly where: string;
  readonly how: string;
}

export interface CleanupFacts {
  readonly provider: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly counts: CleanupCounts;
  readonly rollouts: readonly { readonly id: string; readonly name: string }[];
  /** Names of policies in force that name it in a rule or as fallback, and whether they ship as a file. */
  readonly policies: readonly { readonly name: string; readonly isShipped: boolean }[];
  readonly prices: readonly {
    readonly priceId: string;
    readonly productId: string;
    readonly providerPriceId: string | null;
  }[];
  readonly schedules: readonly string[];
  readonly webhookUrls: readonly string[];
  /** The endpoint that we registered there ourselves; null: it was made by hand, if at all. */
  readonly webhookEndpointId: string | null;
  /** Whether the project has an account of its own stored; else its keys come from the environment. */
  readonly isStored: boolean;
  /** By environment name. */
  readonly keys: readonly string[];
}

/** What must come first. Empty: nothing leans on the old provider any more. */
export function cleanupBlockers({ counts }: Pick<CleanupFacts, 'counts'>): readonly CleanupBlocker[] {
  const some = (code: string, count: number, detail: string) => (count > 0 ? [{ code, count, detail }] : []);
  return [
    ...some('items_open', counts.openItems, 'Subscriptions are still being moved: let the migration end.'),
    ...some('items_attention', counts.attention, 'A person must decide: see the reviews.'),
    ...some(
      'subscriptions_live',
      counts.liveSubscriptions,
      'These renew at the old provider: customers who never acted, or were not moved. Without its keys we would not see their payments.',
    ),
    ...some('subscriptions_ending', counts.endingSubscriptions, 'These end with their period: wait until it is over.'),
    ...some('checkouts_open', counts.openCheckouts, 'Somebody may still pay there: wait until these have ended.'),
    ...some('archive_missing', counts.archives > 0 ? 0 : 1, 'Nothing of the account is archived yet.'),
    ...some(
      'proof_missing',
      counts.isProvenClean === null ? 1 : 0,
      'No proof has been made, and without keys none can be.',
    ),
    ...some(
      'proof_not_clean',
      counts.isProvenClean === false ? 1 : 0,
      'The newest proof has gaps, overlaps or unproven lines.',
    ),
  ];
}

export function cleanupSteps(facts: CleanupFacts): readonly CleanupStep[] {
  const { provider, projectId, live } = facts;
  const mode = live ? 'live' : 'test';
  return [
    ...facts.rollouts.map(({ id, name }) => ({
      ...{ kind: 'rollout' as const, name, where: `/api/v1/ops/rollouts/${id}` },
      how: 'Promote it to its end: as long as it runs it may send customers there.',
    })),
    ...facts.policies.map(({ name, isShipped }) => ({
      ...{ kind: 'policy' as const, name, where: isShipped ? `policies/${name}.json` : '/api/v1/ops/routing/policies' },
      how: `Activate a version that does not name ${provider}, neither in a rule nor as fallback.`,
    })),
    ...(facts.counts.preferring > 0
      ? [
          {
            ...{ kind: 'organizations' as const, name: `${facts.counts.preferring} organizations` },
            where: '/api/v1/billing/organizations/{id}',
            how: `Set preferred_provider to null where it is ${provider}.`,
          },
        ]
      : []),
    ...facts.prices.map(({ priceId, productId, providerPriceId }) => ({
      ...{ kind: 'price' as const, name: priceId, where: `${provider} ${providerPriceId ?? productId}` },
      how: 'Archive the offer there, so that nobody buys it by an old link; the mapping may stay for the books.',
    })),
    ...facts.schedules.map((name) => ({
      ...{ kind: 'schedule' as const, name, where: 'Temporal schedules' },
      how: `temporal schedule delete --schedule-id ${name} (only when no other project uses ${provider})`,
    })),
    ...facts.webhookUrls.map((name) => ({
      ...{ kind: 'webhook' as const, name, where: `${provider}: its dashboard’s webhooks` },
      how: facts.webhookEndpointId === null ? 'Delete the endpoint there.' : `Delete ${facts.webhookEndpointId} there.`,
    })),
    ...(facts.isStored
      ? [
          {
            ...{ kind: 'account' as const, name: `${projectId}, ${mode}` },
            where: `/api/v1/ops/projects/${projectId}/accounts/${provider}`,
            how: 'DELETE it: the stored credentials go with it.',
          },
        ]
      : []),
    ...facts.keys.map((name) => ({
      ...{ kind: 'key' as const, name, where: facts.isStored ? `the ${mode} account` : 'the environment' },
      how: `Revoke it at ${provider} last, and take it out of every secret store, deployment and CI.`,
    })),
  ];
}
