import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { OperationStatus } from '../domain/subscription/operation.ts';
import { operateUpdate, providerFactsSignal, type ProviderFact, type SubscriptionCarried } from './messages.ts';

/** How many heard events are remembered over continue-as-new, so that none is acted on twice. */
const rememberedEvents = 100;

/** What became of an operation: its status, or why it could not be tried. */
export type Answer = { readonly status: OperationStatus } | { readonly failure: ApplicationFailure };

/**
 * What comes in: webhooks, each heard once, and operations, which wait in a queue and are answered one by one. Handlers
 * are set at once, before anything is awaited.
 *
 * @param isOver Whether the subscription has ended: then nothing more can be asked of it.
 */
export function openInbox(carried: SubscriptionCarried | undefined, isOver: () => boolean) {
  const seen = new Set(carried?.seen);
  let facts: readonly ProviderFact[] = carried?.facts ?? [];
  const asked: string[] = [];
  const answers = new Map<string, Answer>();

  setHandler(
    providerFactsSignal,
    (arrived) => {
      const fresh = arrived.filter((fact) => !seen.has(fact.id) && seen.add(fact.id));
      facts = [...facts, ...fresh];
    },
    { description: 'Webhooks: look at the provider' },
  );
  setHandler(
    operateUpdate,
    async ({ changeId }) => {
      answers.delete(changeId);
      if (!asked.includes(changeId)) asked.push(changeId);
      await condition(() => answers.has(changeId));
      const answer = answers.get(changeId) ?? { failure: ended() };
      if ('failure' in answer) throw answer.failure;
      return answer;
    },
    {
      description: 'Carries out something asked of the subscription, one at a time',
      validator: ({ changeId }) => {
        if (isOver()) throw ended();
        if (typeof changeId !== 'string' || changeId === '')
          throw ApplicationFailure.nonRetryable('changeId must name a change', 'change_invalid');
      },
    },
  );

  return {
    hasFacts: () => facts.length > 0,
    nextAsked: (): string | null => asked[0] ?? null,
    takeFacts(): readonly ProviderFact[] {
      const taken = facts;
      facts = [];
      return taken;
    },
    /** They could not be looked after yet. */
    putBack(taken: readonly ProviderFact[]): void {
      facts = [...taken, ...facts];
    },
    hasAnswered: () => answers.size > 0,
    answer(changeId: string, answer: Answer): void {
      asked.splice(asked.indexOf(changeId), 1);
      answers.set(changeId, answer);
    },
    /** Nothing that still waits can be done any more; the rows of what was asked say so. */
    close(): void {
      for (const changeId of asked.splice(0)) answers.set(changeId, { failure: ended() });
    },
    carried: () => ({ facts, seen: [...seen].slice(-rememberedEvents) }),
  };
}

function ended(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('The subscription has ended.', 'subscription_ended');
}
