import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';
import {
  billingQueue,
  disputeIds,
  providerFactsSignal,
  providerQueue,
  stateQuery,
  whyQuery,
  type ProviderFact,
  type SubscriptionInput,
} from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

/** How many heard events are remembered over continue-as-new, so that none is acted on twice. */
const rememberedEvents = 100;

/**
 * One subscription, from its first payment to its end: keeps our row in step with the provider.
 *
 * Each webhook only says *look*; the provider's truth is read before anything is believed. A period that ends without
 * a word is looked at too. Continues as new each period, so that a subscription may live for years.
 */
export async function subscription(input: SubscriptionInput): Promise<{ readonly status: SubscriptionStatus }> {
  const ref = { projectId: input.projectId, live: input.live, subscriptionId: input.subscriptionId };
  const seen = new Set(input.carried?.seen);
  let facts: readonly ProviderFact[] = input.carried?.facts ?? [];
  let now: Awaited<ReturnType<Activities['settleSubscription']>> | null = null;

  setHandler(
    providerFactsSignal,
    (arrived) => {
      const fresh = arrived.filter((fact) => !seen.has(fact.id));
      for (const fact of fresh) seen.add(fact.id);
      facts = [...facts, ...fresh];
    },
    { description: 'Webhooks: look at the provider' },
  );
  setHandler(stateQuery, () => ({ status: now?.status ?? 'active', next: now?.next?.at ?? null }), {
    description: 'Status and when it looks next',
  });
  setHandler(whyQuery, () => now?.because ?? 'starting', { description: 'What was last learnt' });

  const { settleSubscription } = proxyActivities<Activities>({
    taskQueue: input.provider === null ? billingQueue : providerQueue(input.provider),
    startToCloseTimeout: '15s',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
    summary: 'read the provider, update our row',
  });

  for (let firstPeriod: string | null = null; ;) {
    const named = disputeIds(facts);
    facts = [];
    const before: SubscriptionStatus | null = now?.status ?? null;
    now = await settleSubscription({ ...ref, disputeIds: named });
    firstPeriod ??= now.periodStart;
    if (now.status !== before) upsertSearchAttributes([{ key: searchAttributes.status, value: now.status }]);
    setCurrentDetails(`**${now.status}**, ${now.because}${now.next === null ? '' : `\n\nlooks again ${now.next.at}`}`);
    if (now.isOver) {
      await condition(allHandlersFinished);
      return { status: now.status };
    }
    if (now.periodStart !== firstPeriod || workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof subscription>({
        ...input,
        carried: { facts, seen: [...seen].slice(-rememberedEvents) },
      });
    }
    const hasNews = () => facts.length > 0;
    if (hasNews()) continue;
    if (now.next === null) await condition(hasNews);
    else
      await condition(hasNews, Math.max(1_000, Date.parse(now.next.at) - Date.now()), {
        summary: 'a webhook, or the next look',
      });
  }
}
