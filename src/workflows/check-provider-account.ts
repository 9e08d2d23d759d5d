import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { providerQueue } from './messages.ts';

/** Asks a provider whose account a project's credentials open. Short: a person waits for the answer. */
export async function checkProviderAccount(input: AccountKey) {
  const found = await callsOf(input.provider).checkProviderAccount(input);
  setCurrentDetails(found.error === null ? 'the credentials open the account' : `refused: ${found.error}`);
  return found;
}

/** Registers our address for the provider's webhooks, keeps its secret, and checks the account once more. */
export async function connectProviderWebhook(input: AccountKey & { readonly url: string; readonly actor: string }) {
  const { endpointId } = await callsOf(input.provider).connectProviderWebhook(input);
  setCurrentDetails(`endpoint ${endpointId} sends to ${input.url}`);
  return { endpointId };
}

function callsOf(provider: string) {
  return proxyActivities<Activities>({
    taskQueue: providerQueue(provider),
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: '1m',
    retry: { maximumAttempts: 3 },
    summary: `account at ${provider}`,
  });
}
