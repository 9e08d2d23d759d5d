import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { SettledSubscription } from '../activities/settled-subscription.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';
import { begunUpdate, type SubscriptionInput } from './messages.ts';
import { createStartGrants } from './start-grants.ts';
import { createStartRefunds } from './start-refunds.ts';
import { createDeeds } from './subscription-deeds.ts';
import { openInbox } from './subscription-inbox.ts';
import { createRhythm } from './subscription-rhythm.ts';
import { createStory } from './subscription-story.ts';

/** Events; a period takes about a dozen. Beginning anew costs as much as a renewal, a long history costs its replay. */
const shortHistory = 60;

/**
 * One subscription, from its first trial day to its end: keeps our row in step with whoever collects for it, carries out
 * what is asked of it, and does by the clock what nobody asks for (notices, reminders, the end of a grace, vouchers).
 *
 * Each webhook only says *look*; the truth is read before anything is believed, and asked for when no word comes. One
 * thing is done at a time. Continues as new every few periods, so that a subscription may live for years.
 */
export async function subscription(input: SubscriptionInput): Promise<{ readonly status: SubscriptionStatus }> {
  const { carried } = input;
  let now: SettledSubscription | null = carried?.settled ?? null;
  const inbox = openInbox(carried, () => now?.isOver ?? false);
  const story = createStory(input);
  setHandler(begunUpdate, async () => (await condition(() => now !== null), { status: now?.status ?? 'incomplete' }), {
    description: 'Answers once it has begun, waits for its customer, or has failed',
  });
  const deeds = createDeeds(input, () => now);
  const startGrants = createStartGrants(input);
  const startRefunds = createStartRefunds(input);
  const rhythm = createRhythm(carried !== undefined);
  let firstPeriod = carried?.settled.periodStart ?? null;

  while (!now?.isOver) {
    if (isPeriodOver() && (await mayContinueAsNew())) await startNextRun();
    await doNext();
  }
  inbox.close();
  await condition(allHandlersFinished);
  return { status: now.status };

  /** Waits for whatever comes first, and does it. */
  async function doNext(): Promise<void> {
    if (now === null && !rhythm.isBlocked()) return begin();
    const hasFacts = () => inbox.hasFacts() && !rhythm.isBlocked();
    const cue = await rhythm.next(now?.next ?? null, () => inbox.nextAsked() !== null || hasFacts());
    const changeId = inbox.nextAsked();
    if (changeId !== null) return answer(changeId);
    if (now === null) return begin();
    if (hasFacts() || cue === 'look') return look();
    await learn(cue.kind, () => deeds.item(cue));
    rhythm.done(cue);
  }

  async function begin(): Promise<void> {
    if (input.isDirect === true) await learn('begin', () => deeds.begin((settled) => story.tell(settled)));
    else await look();
  }

  async function look(): Promise<void> {
    const version = now?.version;
    const facts = inbox.takeFacts();
    const isRead = await learn('look', () => deeds.look(facts));
    if (!isRead) inbox.putBack(facts);
    else rhythm.looked({ isChanged: now?.version !== version, isTold: facts.length > 0 });
  }

  /** @returns whether the deed was done. */
  async function learn(what: string, deed: () => Promise<SettledSubscription>): Promise<boolean> {
    try {
      now = await deed();
    } catch (error) {
      story.fail(what, failureOf(error).message);
      rhythm.failed();
      return false;
    }
    firstPeriod ??= now.periodStart;
    story.tell(now);
    rhythm.succeeded();
    await startGrants(now.grants);
    await startRefunds(now.refunds);
    return true;
  }

  async function answer(changeId: string): Promise<void> {
    try {
      const { status, settled } = await deeds.operate(changeId);
      await learn('operate', async () => settled);
      inbox.answer(changeId, { status });
    } catch (error) {
      const failure = failureOf(error);
      story.fail('carry out what was asked', failure.message);
      inbox.answer(changeId, { failure });
    }
  }

  function isPeriodOver(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    const isNewPeriod = now !== null && now.periodStart !== firstPeriod;
    return (isNewPeriod && historyLength > shortHistory) || continueAsNewSuggested;
  }

  /** A run that ends in the very task that answers an update may lose the answer (temporalio/temporal#6375). */
  async function mayContinueAsNew(): Promise<boolean> {
    if (!allHandlersFinished()) await condition(() => allHandlersFinished() || inbox.nextAsked() !== null);
    if (inbox.nextAsked() === null && inbox.hasAnswered()) await sleep('1s');
    return inbox.nextAsked() === null && allHandlersFinished();
  }

  async function startNextRun(): Promise<void> {
    if (now === null) return;
    const next = { ...inbox.carried(), settled: now, story: story.lines() };
    await continueAsNew<typeof subscription>({ ...input, carried: next });
  }
}

/** What an activity came to when trying again cannot help; whatever is not an activity's fails the workflow's task. */
function failureOf(error: unknown): ApplicationFailure {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  const type = (cause instanceof ApplicationFailure ? cause.type : null) ?? 'activity_failed';
  return ApplicationFailure.nonRetryable(cause?.message ?? error.message, type);
}
