import { allHandlersFinished, condition, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { isSettled, nextLookMs, type CheckoutStatus } from '../domain/checkout/transition.ts';
import {
  billingQueue,
  expireUpdate,
  openedUpdate,
  providerFactsSignal,
  providerQueue,
  stateQuery,
  whyQuery,
  type CheckoutInput,
  type ProviderFact,
} from './messages.ts';
import { tellMove } from './tell-move.ts';
import { quickThenPatient } from './quick-then-patient.ts';
import { createShowCheckout } from './show-checkout.ts';
import { createStartGrants } from './start-grants.ts';
import { startStrays } from './start-strays.ts';
import { startSubscription } from './start-subscription.ts';

/** With patience, on a queue of its own. */
const patient = (taskQueue: string, summary: string) =>
  proxyActivities<Activities>({
    taskQueue,
    summary,
    startToCloseTimeout: '15s',
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });

/** A webhook may run ahead of the provider's own reads: look again this soon before believing that nothing changed. */
const soonMs = [2_000, 5_000, 15_000];

/**
 * One checkout, from the request until it is paid, expired, canceled or failed.
 *
 * The caller waits for `opened`. Then webhooks arrive as `providerFacts`; each only says *look*: the provider's truth
 * is read before anything is believed, and polled for in case a webhook is lost.
 */
export async function checkout(input: CheckoutInput): Promise<{ readonly status: CheckoutStatus }> {
  const ref = { projectId: input.projectId, live: input.live, checkoutId: input.checkoutId };
  let status: CheckoutStatus = 'creating';
  let provider: string | null = null;
  let nextLookAt: string | null = null;
  let mustEnd = false;
  let facts: ProviderFact[] = [];
  const show = createShowCheckout(input);
  const startGrants = createStartGrants(input);
  const story: string[] = [`rule **${input.rule}**, country ${input.country ?? 'unknown'}`];

  setHandler(providerFactsSignal, (arrived) => void facts.push(...arrived), {
    description: 'Webhooks: look at the provider',
  });
  setHandler(stateQuery, () => ({ status, next: nextLookAt }), { description: 'Status and when it looks next' });
  setHandler(whyQuery, () => story.join('\n'), { description: 'The story so far' });
  setHandler(openedUpdate, async () => (await condition(() => status !== 'creating'), { status }), {
    description: 'Answers once the page can be paid',
  });
  setHandler(
    expireUpdate,
    async () => {
      mustEnd = true;
      await condition(() => !mustEnd || isSettled(status));
      return { status };
    },
    { description: 'Ends an unpaid checkout' },
  );

  const tell = (line: string) =>
    setCurrentDetails(story.push(`${new Date().toISOString()} ${line}`) ? story.join('\n\n') : '');
  const opened = await open();
  await startStrays(input, opened.strays);
  status = opened.status;
  provider = opened.provider;
  tell(`**${status}**${provider === null ? '' : ` at ${provider}`}`);
  if (!isSettled(status)) show(status, provider);
  if (opened.subscriptionId !== null) await startIts(opened.subscriptionId);

  let endsAt = opened.endsAt;
  for (let looks = 0, soon = 0; !isSettled(status);) {
    const heard = await listen(looks, soon);
    const before: CheckoutStatus = status;
    const settled: Awaited<ReturnType<Activities['settleCheckout']>> =
      heard === 'end' || heard === 'over' ? await end(heard === 'end' ? 'canceled' : 'expired') : await settle();
    status = settled.status;
    provider = settled.provider ?? provider;
    await startStrays(input, settled.strays);
    if (heard === 'end') mustEnd = false;
    endsAt = settled.endsAt ?? endsAt;
    if (settled.subscriptionId !== null) await startIts(settled.subscriptionId);
    await startGrants(settled.grants);
    const isStale = heard === 'fact' && status === before;
    soon = isStale ? soon + 1 : 0;
    looks = heard === 'quiet' && status === before ? looks + 1 : 0;
    if (status !== before) tell(`**${status}**, ${settled.because}`);
  }
  show(status, provider);
  if (input.toldTo !== undefined) await tellMove(input.toldTo);
  await condition(allHandlersFinished);
  return { status };

  async function open() {
    const left: Awaited<ReturnType<Activities['openCheckout']>>['left'][number][] = [];
    for (const next of [...input.attempts, null]) {
      const summary = `open at ${next ?? 'nobody'}`;
      let isRepeated = false;
      const answer = await quickThenPatient(
        summary,
        patient(billingQueue, summary),
        (run) => run.openCheckout({ ...ref, provider: next, left, ...(isRepeated && { isRepeated }) }),
        () => {
          isRepeated = true;
          show(status, provider);
        },
      );
      left.push(...answer.left);
      if (answer.status !== 'creating') {
        const strays = left.filter(({ mayExist }) => mayExist).map((attempt) => attempt.provider);
        const twice = isRepeated && answer.provider !== null ? [answer.provider] : [];
        return { ...answer, strays: [...new Set([...strays, ...twice, ...(answer.strays ?? [])])] };
      }
      const reason = answer.left.at(-1)?.reason ?? 'api_error';
      tell(`${next ?? 'nobody'} could not serve: ${reason}`);
    }
    throw new Error('openCheckout without a provider always ends the checkout');
  }

  /** Waits for a fact, the caller's wish to end, the next look, or the end of the page's life. */
  async function listen(looks: number, soon: number): Promise<'fact' | 'end' | 'quiet' | 'over'> {
    const isWoken = () => facts.length > 0 || mustEnd;
    const regular = nextLookMs({
      looks,
      gapsMs: opened.lookGapsMs,
      nowMs: Date.now(),
      endsAtMs: endsAt === null ? Number.POSITIVE_INFINITY : Date.parse(endsAt),
    });
    if (!isWoken()) {
      if (regular === null) return 'over';
      const waitMs = Math.min(regular, soon > 0 ? (soonMs[soon - 1] ?? regular) : regular);
      nextLookAt = new Date(Date.now() + waitMs).toISOString();
      if (!(await condition(isWoken, waitMs, { summary: 'a webhook, or the next look' }))) return 'quiet';
    }
    nextLookAt = null;
    if (mustEnd) return 'end';
    facts = [];
    return 'fact';
  }

  function settle() {
    const summary = `read ${provider ?? 'nobody'}`;
    const calls = patient(providerQueue(provider ?? ''), summary);
    return quickThenPatient(summary, calls, (run) => run.settleCheckout(ref));
  }

  function end(to: 'canceled' | 'expired') {
    return patient(providerQueue(provider ?? ''), `end at ${provider ?? 'nobody'}`).endCheckout({ ...ref, to });
  }

  function startIts(subscriptionId: string) {
    const { projectId, live, organizationId, country } = input;
    return startSubscription({ projectId, live, organizationId, subscriptionId, provider, country });
  }
}
