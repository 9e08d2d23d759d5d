import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { SettledSubscription } from '../activities/settled-subscription.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';
import { stateQuery, whyQuery, type SubscriptionInput } from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

const rememberedLines = 20;

/** What operators see of a subscription: status, what comes next, and the story so far. */
export function createStory(input: SubscriptionInput) {
  const { carried, isDirect = false } = input;
  let now: SettledSubscription | null = carried?.settled ?? null;
  let shown: SubscriptionStatus = now?.status ?? (isDirect ? 'incomplete' : 'active');
  let shownProvider = now?.provider ?? input.provider;
  let trouble: string | null = null;
  const lines = [...(carried?.story ?? [])];

  setHandler(stateQuery, () => ({ status: shown, next: now?.next?.at ?? null, item: now?.next?.kind ?? null }), {
    description: 'Status and what it does next',
  });
  setHandler(whyQuery, () => (lines.length === 0 ? 'starting' : lines.join('\n')), {
    description: 'The story so far',
  });

  return {
    /** Tells what was learnt, if anything was. */
    tell(settled: SettledSubscription): void {
      if (settled.version !== now?.version) lines.push(`${instant()} **${settled.status}**, ${settled.because}`);
      now = settled;
      trouble = null;
      show();
    },
    /** Tells what could not be done. */
    fail(what: string, why: string): void {
      trouble = `${instant()} could not ${what}: ${why}`;
      show();
    },
    lines: (): readonly string[] => lines.slice(-rememberedLines),
  };

  function show(): void {
    lines.splice(0, lines.length - rememberedLines);
    if (now !== null && now.status !== shown) {
      shown = now.status;
      upsertSearchAttributes([{ key: searchAttributes.status, value: shown }]);
    }
    const next = now?.next ? `next: ${now.next.kind} at ${now.next.at}` : 'waits for a message';
    const provider = now?.provider ?? shownProvider;
    if (provider !== null && provider !== shownProvider) {
      shownProvider = provider;
      upsertSearchAttributes([{ key: searchAttributes.provider, value: provider }]);
    }
    setCurrentDetails([`**${shown}**, ${next}`, ...(trouble === null ? [] : [trouble]), ...lines].join('\n\n'));
  }
}

function instant(): string {
  return new Date().toISOString();
}
