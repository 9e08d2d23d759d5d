import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { isLong } from './long-run.ts';
import {
  billingQueue,
  migrationProofQuery,
  providerQueue,
  whyQuery,
  type MigrationProofState,
  type ProveMigrationInput,
} from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

const own = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '10m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'our own tables',
});

/**
 * Asks the providers of a migration, page by page, which charge covers which period, then signs what they said.
 *
 * Each page's lines are committed with how far it is: wherever this is started again, it goes on from there. A page that
 * fails again and again is asked once more with leave to say of a line that it could not be read.
 */
export async function proveMigration(input: ProveMigrationInput): Promise<{ readonly status: string }> {
  const { projectId, live, proofId } = input;
  const ref = { projectId, live, proofId };
  let state: MigrationProofState = { status: 'requested', done: 0, total: 0 };
  let because = 'starting';
  setHandler(migrationProofQuery, () => state, { description: 'How far it is' });
  setHandler(whyQuery, () => because, { description: 'What it does' });
  const tell = (change: Partial<MigrationProofState>, line: string) => {
    state = { ...state, ...change };
    because = `${line}; ${state.done} of ${state.total} subscriptions`;
    setCurrentDetails(`**${state.status}**\n\n${because}`);
  };

  try {
    const row = await own.beginProof(ref);
    tell({ status: row.status, done: row.done, total: row.total }, 'asks the providers for their charges');
    if (row.status === 'succeeded' || row.status === 'failed') return { status: row.status };
    for (let { cursor } = row; ;) {
      const page = await provePage(input, cursor);
      tell({ done: state.done + page.done }, 'asks the providers for their charges');
      if (page.cursor === null) break;
      cursor = page.cursor;
      if (isLong()) return await continueAsNew<typeof proveMigration>(input);
    }
    const { isClean } = await own.finishProof(ref);
    tell(
      { status: 'succeeded' },
      isClean ? 'signed: no gap, no overlap' : 'signed: somebody must look at its first lines',
    );
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    const code = cause instanceof ApplicationFailure ? (cause.type ?? 'internal_error') : 'provider_timeout';
    log.warn('a proof could not be made', { proof: proofId, code });
    await own.failProof({ ...ref, code, message: cause?.message ?? error.message });
    tell({ status: 'failed' }, code);
  }
  upsertSearchAttributes([{ key: searchAttributes.status, value: state.status }]);
  return { status: state.status };
}

async function provePage({ provider, ...input }: ProveMigrationInput, cursor: string | null) {
  const { projectId, live, proofId } = input;
  const ask = (maximumAttempts: number) =>
    proxyActivities<Activities>({
      taskQueue: providerQueue(provider),
      startToCloseTimeout: '10m',
      heartbeatTimeout: '20s',
      retry: { initialInterval: '5s', maximumInterval: '2m', maximumAttempts },
      summary: 'both sides’ charges',
    });
  try {
    return await ask(6).provePage({ projectId, live, proofId, cursor, isLast: false });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return ask(6).provePage({ projectId, live, proofId, cursor, isLast: true });
  }
}
