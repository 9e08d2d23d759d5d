import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import {
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { billingQueue, providerQueue, whyQuery, type EntityInput } from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

/** How long an export waits for a provider that is away, before it goes out without it and says so. */
const exportPatience = '1h';
/** How long an erasure waits; the law gives a month, and a job that gave up may be started again. */
const erasurePatience = '7d';
const erasurePatienceMs = 7 * 86_400_000;
/** Between looks at subscriptions that are being ended: the first come within seconds, a week's worth stays a short history. */
const longestLookMs = 6 * 3_600_000;

const { listCustomerProviders, skipProviderExport, finishExport, prepareErasure, finishErasure, failCustomerDataJob } =
  proxyActivities<Activities>({
    taskQueue: billingQueue,
    startToCloseTimeout: '2m',
    retry: { initialInterval: '1s', maximumInterval: '1m' },
    summary: 'our own tables',
  });

/**
 * Gathers all that is known of one organization: every provider it has been with, side by side, then our tables. What is
 * gathered goes sealed into the job's row; here only names pass.
 */
export async function exportCustomerData(input: EntityInput): Promise<void> {
  const ref = refOf(input);
  const tell = createStory();
  await endingJob(ref, tell, async () => {
    const providers = await listCustomerProviders(ref);
    tell(`asks ${named(providers)}`);
    await Promise.all(
      providers.map(async (provider) => {
        try {
          await at(provider, exportPatience).exportFromProvider({ ...ref, provider });
          tell(`${provider} answered`);
        } catch (error) {
          if (isCancellation(error)) throw error;
          const code = codeOf(error);
          tell(`${provider} left out: ${code}`);
          await skipProviderExport({ ...ref, provider, code });
        }
      }),
    );
    await finishExport(ref);
  });
}

/**
 * Erases one organization: waits for subscriptions that are being ended, has every provider erase what it can, and only
 * then takes what is personal out of our tables, for until then a repeat needs it.
 */
export async function eraseCustomerData(input: EntityInput): Promise<void> {
  const ref = refOf(input);
  const tell = createStory();
  await endingJob(ref, tell, async () => {
    const providers = await awaitEnds(ref, tell);
    tell(`erases at ${named(providers)}`);
    const asked = await Promise.allSettled(
      providers.map(async (provider) => {
        await at(provider, erasurePatience).eraseAtProvider({ ...ref, provider });
        tell(`${provider} erased`);
      }),
    );
    for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
    await finishErasure(ref);
  });
}

type Ref = ReturnType<typeof refOf>;
type Tell = (line: string) => void;

/** Nobody who still pays is erased. @returns the providers to ask. */
async function awaitEnds(ref: Ref, tell: Tell): Promise<readonly string[]> {
  const giveUpAt = Date.now() + erasurePatienceMs;
  for (let waitMs = 2_000; ; waitMs = Math.min(waitMs * 2, longestLookMs)) {
    const { liveSubscriptionIds: live, providers } = await prepareErasure(ref);
    if (live.length === 0) return providers;
    if (Date.now() >= giveUpAt) throw ApplicationFailure.nonRetryable('subscriptions did not end', 'subscription_live');
    tell(`waits for the end of ${live.join(', ')}`);
    await sleep(waitMs, { summary: 'subscriptions are being ended' });
  }
}

/** Whatever becomes of the work, the row tells it: a job never stays `running` without a workflow. */
async function endingJob(ref: Ref, tell: Tell, work: () => Promise<void>): Promise<void> {
  let status = 'done';
  try {
    await work();
  } catch (error) {
    if (isCancellation(error)) throw error;
    status = 'failed';
    await failCustomerDataJob({ ...ref, code: codeOf(error) });
  }
  tell(`**${status}**`);
  upsertSearchAttributes([{ key: searchAttributes.status, value: status }]);
}

function at(provider: string, scheduleToCloseTimeout: typeof exportPatience | typeof erasurePatience) {
  return proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    // A long history is many pages.
    startToCloseTimeout: '5m',
    scheduleToCloseTimeout,
    retry: { initialInterval: '2s', maximumInterval: '5m' },
    summary: `customer data at ${provider}`,
  });
}

function codeOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause.type ?? 'internal_error';
  return cause instanceof TimeoutFailure ? 'customer_data_too_late' : 'internal_error';
}

function createStory(): Tell {
  const story: string[] = [];
  setHandler(whyQuery, () => story.join('\n'), { description: 'The story so far' });
  return (line) => setCurrentDetails(story.push(line) > 0 ? story.join('\n\n') : '');
}

function refOf({ projectId, live, organizationId, id }: EntityInput) {
  return { projectId, live, organizationId, jobId: id };
}

function named(providers: readonly string[]): string {
  return providers.length === 0 ? 'no provider' : providers.join(', ');
}
