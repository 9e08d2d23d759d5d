import { proxyActivities } from '@temporalio/workflow';
import type { NoteRefusedUsageInput } from '../activities/note-refused-usage.ts';
import type { Activities } from '../activities/index.ts';
import { providerQueue } from './messages.ts';

/** A webhook about usage that a provider had received and then refused: the items learn why. */
export async function noteRefusedUsage(input: NoteRefusedUsageInput): Promise<{ readonly rejected: number }> {
  const run = proxyActivities<Activities>({
    taskQueue: providerQueue(input.provider),
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '24h',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
    summary: `what ${input.provider} refused`,
  });
  const { rejected } = await run.noteRefusedUsage(input);
  return { rejected };
}
