import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { subscriptionWorkflowId } from '../../src/workflows/messages.ts';
import type { Subscribed } from './prepare.ts';

const sampled = 30;
const { EVENT_TYPE_MARKER_RECORDED: localActivity } = proto.temporal.api.enums.v1.EventType;

/** How often a subscription's workflow has read its provider since then, on average of a sample. */
export async function countLooks(client: Client, subscribed: readonly Subscribed[], since: Date): Promise<number> {
  const step = Math.ceil(subscribed.length / sampled);
  const sample = subscribed.filter((_, index) => index % step === 0);
  const looks = await Promise.all(
    sample.map(async ({ id }) => {
      const { events } = await client.workflow.getHandle(subscriptionWorkflowId(id)).fetchHistory();
      const isSince = (seconds: unknown) => Number(seconds) * 1_000 >= since.getTime() - 1_000;
      return (events ?? []).filter((event) => event.eventType === localActivity && isSince(event.eventTime?.seconds));
    }),
  );
  return looks.flat().length / sample.length;
}
