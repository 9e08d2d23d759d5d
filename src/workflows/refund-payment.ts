import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { isRefundSettled, refundLookGapMs, type RefundStatus } from '../domain/payment/refund.ts';
import { providerQueue, refundAskedUpdate, refundStateQuery, whyQuery, type EntityInput } from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

/**
 * One refund, from the request until the money is back, or surely is not.
 *
 * The activity sends, or looks first when something was sent before; here is only when: soon after an unclear answer,
 * then with growing gaps. A webhook is heard by the workflow of what was paid, which writes the row; the next look sees it.
 */
export async function refundPayment(input: EntityInput): Promise<{ readonly status: RefundStatus }> {
  const { projectId, live, id: refundId } = input;
  let status: RefundStatus = 'requested';
  let because = 'starting';
  let nextLookAt: string | null = null;
  let looks = 0;

  setHandler(refundStateQuery, () => ({ status, next: nextLookAt }), { description: 'Status and when it looks next' });
  setHandler(whyQuery, () => because, { description: 'What was last learnt' });
  setHandler(refundAskedUpdate, async () => (await condition(() => looks > 0), { status }), {
    description: 'Answers once the provider has been asked',
  });

  const run = proxyActivities<Activities>({
    taskQueue: providerQueue(input.provider ?? ''),
    startToCloseTimeout: '30s',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
    summary: `refund at ${input.provider ?? 'nobody'}`,
  });

  for (;;) {
    const before: RefundStatus = status;
    try {
      ({ status, because } = await run.refundPayment({ projectId, live, refundId }));
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      // A fault of ours: the row keeps what is known, and whoever mends it need not start this again.
      because = `stumbled: ${error.cause?.message ?? error.message}`;
      log.error('a refund could not be carried out; it is tried again', { refundId });
    }
    looks += 1;
    if (status !== before) upsertSearchAttributes([{ key: searchAttributes.status, value: status }]);
    if (isRefundSettled(status)) break;
    const gapMs = refundLookGapMs(looks - 1);
    nextLookAt = new Date(Date.now() + gapMs).toISOString();
    setCurrentDetails(`**${status}**, ${because}\n\nlooks again ${nextLookAt}`);
    await sleep(gapMs, { summary: 'the next look' });
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof refundPayment>(input);
    }
  }
  nextLookAt = null;
  setCurrentDetails(`**${status}**, ${because}`);
  await condition(allHandlersFinished);
  return { status };
}
