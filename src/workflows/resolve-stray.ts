import {
  ActivityFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { emptyLookAfterMs, strayOutageGapMs, type StrayStatus } from '../domain/checkout/stray.ts';
import {
  billingQueue,
  checkoutWorkflowId,
  disputeIds,
  providerFactsSignal,
  providerQueue,
  strayStateQuery,
  whyQuery,
  type ProviderFact,
  type StrayInput,
} from './messages.ts';
import { searchAttributes } from './search-attributes.ts';
import { createStartGrants } from './start-grants.ts';
import { startAgain } from './start-once.ts';
import { strayStart } from './start-options.ts';
import { createStartRefunds } from './start-refunds.ts';
import { startSubscription } from './start-subscription.ts';

type Resolved = Awaited<ReturnType<Activities['resolveStray']>>;

/**
 * Looks after a session that a provider may hold beside the one its checkout stands for, until it can take no money any
 * more and whatever it took is where it belongs. Here is only when; the activity looks, ends, and settles what was paid.
 *
 * Its provider may be away for hours: it goes on asking, ever more rarely, until the session's life is over.
 */
export async function resolveStray(input: StrayInput): Promise<{ readonly status: StrayStatus }> {
  const { projectId, live, checkoutId, provider } = input;
  const ref = { projectId, live, checkoutId, provider };
  let status: StrayStatus = 'unknown';
  let because = 'starting';
  let nextLookAt: string | null = null;
  let facts: ProviderFact[] = [];
  const startGrants = createStartGrants(input);
  const startRefunds = createStartRefunds(input);

  setHandler(providerFactsSignal, (arrived) => void facts.push(...arrived), {
    description: 'Webhooks: look at the provider',
  });
  setHandler(strayStateQuery, () => ({ status, next: nextLookAt }), { description: 'Status and when it looks next' });
  setHandler(whyQuery, () => because, { description: 'What was last learnt' });

  const calls = proxyActivities<Activities>({
    ...{ taskQueue: providerQueue(provider), summary: `look for another session at ${provider}` },
    ...{ startToCloseTimeout: '30s', scheduleToCloseTimeout: '1h' },
    retry: { initialInterval: '2s', maximumInterval: '1m' },
  });
  const rows = proxyActivities<Activities>({
    ...{ taskQueue: billingQueue, summary: 'is its life over?', startToCloseTimeout: '15s' },
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });

  // A call that was given up may still be at work: nothing is there to be found yet.
  await listen(emptyLookAfterMs);
  for (let looks = 0, failures = 0; ;) {
    const heard = facts;
    facts = [];
    const seen = await look(looks, heard);
    looks += 1;
    if (seen !== null) {
      failures = 0;
      await follow(seen);
      if (seen.lookAgainMs === null && facts.length === 0) break;
      await listen(seen.lookAgainMs ?? 0);
    } else {
      if ((await rows.giveUpStray({ ...ref, because })).isOver) break;
      await listen(strayOutageGapMs(failures));
      failures += 1;
    }
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof resolveStray>(input);
  }
  nextLookAt = null;
  tell();
  return { status };

  async function look(looks: number, heard: readonly ProviderFact[]): Promise<Resolved | null> {
    try {
      const seen = await calls.resolveStray({ ...ref, looks, disputeIds: disputeIds(heard) });
      if (seen.status !== status) upsertSearchAttributes([{ key: searchAttributes.status, value: seen.status }]);
      ({ status, because } = seen);
      return seen;
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      because = `stumbled: ${error.cause?.message ?? error.message}`;
      log.warn('a session beside a checkout could not be looked at; it is tried again', { checkoutId, provider });
      return null;
    }
  }

  /** What the look has set in motion, each once. */
  async function follow(seen: Resolved): Promise<void> {
    if (seen.refundId !== null) {
      log.warn('a checkout was paid twice; the second payment goes back', { checkoutId, provider });
      await startRefunds([{ id: seen.refundId, provider }]);
    }
    for (const other of seen.others) await startAgain(resolveStray, strayStart({ ...input, provider: other }));
    if (!seen.hasMoved) return;
    log.warn('a session that nobody was given was paid, and its checkout with it', { checkoutId, provider });
    const { organizationId, country } = input;
    if (seen.subscriptionId !== null)
      await startSubscription({
        ...{ projectId, live, organizationId, country },
        ...{ subscriptionId: seen.subscriptionId, provider: seen.servedBy },
      });
    await startGrants(seen.grants);
    await wakeCheckout();
  }

  /** It reads its row, and ends. It may have ended before. */
  async function wakeCheckout(): Promise<void> {
    const fact = { id: `stray/${provider}`, type: 'stray_session.paid', kind: 'checkout', objectId: checkoutId };
    try {
      await getExternalWorkflowHandle(checkoutWorkflowId(checkoutId)).signal(providerFactsSignal, [fact]);
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
  }

  async function listen(gapMs: number): Promise<void> {
    nextLookAt = new Date(Date.now() + gapMs).toISOString();
    tell();
    await condition(() => facts.length > 0, gapMs, { summary: 'a webhook, or the next look' });
    nextLookAt = null;
  }

  function tell(): void {
    setCurrentDetails(`**${status}**, ${because}${nextLookAt === null ? '' : `\n\nlooks again ${nextLookAt}`}`);
  }
}
