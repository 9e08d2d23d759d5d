import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { billingQueue, providerQueue, whyQuery, type ArchiveMigrationInput } from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

/** Reads the old provider's account out whole and keeps it, encrypted to its operator; only counts pass here. */
export async function archiveMigration(input: ArchiveMigrationInput): Promise<{ readonly status: string }> {
  const { provider, ...ref } = input;
  let because = `reads all that ${provider} holds`;
  setHandler(whyQuery, () => because, { description: 'What it does' });
  setCurrentDetails(because);
  const there = proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    startToCloseTimeout: '3h',
    heartbeatTimeout: '30s',
    scheduleToCloseTimeout: '12h',
    retry: { initialInterval: '10s', maximumInterval: '5m' },
    summary: `all that ${provider} holds`,
  });
  let status = 'succeeded';
  try {
    const records = await there.archiveAccount(ref);
    because = Object.entries(records)
      .map(([section, count]) => `${count} ${section}`)
      .join(', ');
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    because = cause instanceof ApplicationFailure ? (cause.type ?? 'internal_error') : 'provider_timeout';
    status = 'failed';
    await proxyActivities<Activities>({
      taskQueue: billingQueue,
      startToCloseTimeout: '1m',
      summary: 'our own tables',
    }).failArchive({ ...ref, code: because });
  }
  setCurrentDetails(`**${status}**\n\n${because}`);
  upsertSearchAttributes([{ key: searchAttributes.status, value: status }]);
  return { status };
}
