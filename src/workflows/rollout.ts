import { allHandlersFinished, condition, continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { RolloutStatus } from '../domain/rollout/rollout.ts';
import { isRolloutOver } from '../domain/rollout/steer.ts';
import { isLong } from './long-run.ts';
import { billingQueue, type RolloutInput } from './messages.ts';
import { openRolloutDesk } from './rollout-desk.ts';

/** A provider that fails is noticed within this. */
const lookGapMs = 60_000;
/** Nothing is decided while it is held: what it looks at is for people. */
const heldGapMs = 300_000;
const own = proxyActivities<Activities>({
  taskQueue: billingQueue,
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
  summary: 'both arms, by our own tables',
});

/**
 * Leads new customers from one provider to another, stage by stage: looks every minute at what both arms have shown, and
 * goes on, waits or goes back. The row is the truth, committed with each decision: wherever this is started again, it goes
 * on from there, and while it is away nobody changes arm and nothing advances.
 */
export async function rollout(input: RolloutInput): Promise<{ readonly status: RolloutStatus }> {
  const { projectId, live, rolloutId } = input;
  const ref = { projectId, live, rolloutId };
  const desk = openRolloutDesk(input, (act, actor) => own.steerRollout({ ...ref, act, actor }));
  for (;;) {
    desk.see(await own.lookAtRollout(ref));
    const { status } = desk.state();
    if (isRolloutOver(status)) {
      desk.close();
      await condition(allHandlersFinished);
      return { status };
    }
    if (isLong()) {
      await condition(allHandlersFinished);
      return continueAsNew<typeof rollout>({ ...ref, carried: desk.carried() });
    }
    await desk.rest(status === 'paused' ? heldGapMs : lookGapMs);
  }
}
