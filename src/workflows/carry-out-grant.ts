import {
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { GrantStatus } from '../domain/benefit.ts';
import { callQueue, whyQuery, type EntityInput } from './messages.ts';

const minuteMs = 60_000;

/** Waits between looks at what somebody else has yet to do: seconds at first, for a customer who links an account a few times a day. */
const lookGapsMs = [2_000, 5_000, 15_000, minuteMs, 5 * minuteMs, 30 * minuteMs, 360 * minuteMs];

/**
 * Gives one planned benefit or takes it back, and follows it for as long as that takes. What is planned meanwhile is read
 * from its row: an ended subscription turns a grant that still waits into its revocation.
 */
export async function carryOutGrant(input: EntityInput): Promise<{ readonly status: GrantStatus }> {
  const { projectId, live, id: grantId, provider } = input;
  let why = 'starting';
  setHandler(whyQuery, () => why, { description: 'What was last learnt' });
  const run = proxyActivities<Activities>({
    taskQueue: callQueue(provider),
    startToCloseTimeout: '30s',
    retry: { initialInterval: '1s', maximumInterval: '10m' },
    summary: provider === null ? 'give or take back' : `follow ${provider}`,
  });
  for (let looks = 0; ; looks += 1) {
    const { status, isDone, because } = await run.carryOutGrant({ projectId, live, grantId });
    why = because;
    setCurrentDetails(`**${status}**, ${because}`);
    if (isDone) return { status };
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof carryOutGrant>(input);
    await sleep(lookGapsMs[looks] ?? lookGapsMs.at(-1) ?? minuteMs, { summary: 'until the next look' });
  }
}
