import { condition, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { RolloutSight } from '../activities/look-at-rollout.ts';
import type { RolloutAct } from '../domain/rollout/steer.ts';
import {
  pauseRolloutUpdate,
  promoteRolloutUpdate,
  resumeRolloutUpdate,
  rollBackRolloutUpdate,
  rolloutQuery,
  setRolloutStageUpdate,
  whyQuery,
  type RolloutCarried,
  type RolloutInput,
  type RolloutState,
} from './messages.ts';
import { describeSight } from './rollout-story.ts';
import { searchAttributes } from './search-attributes.ts';

const rememberedLines = 20;

/**
 * Where operators see how a rollout stands and why, and steer it. Its handlers are set at once, before anything is
 * awaited.
 *
 * @param steer Writes what an operator wants.
 */
export function openRolloutDesk(input: RolloutInput, steer: (act: RolloutAct, actor: string) => Promise<RolloutSight>) {
  let seen: RolloutSight | null = null;
  let steered = 0;
  let writing: Promise<unknown> = Promise.resolve();
  const lines = [...(input.carried?.story ?? [])];
  const state = (): RolloutState => ({ status: seen?.status ?? 'running', stage: seen?.stage ?? 0 });

  /** One wish at a time, in their order. */
  const wish = async (act: RolloutAct, actor: string): Promise<RolloutState> => {
    const done = writing.then(async () => see(await steer(act, actor)));
    // The next wish does not fail with this one.
    writing = done.catch(() => undefined);
    await done;
    steered += 1;
    return state();
  };
  setHandler(rolloutQuery, state, { description: 'Its status and stage' });
  setHandler(whyQuery, () => text(), { description: 'Both arms, the evidence, and the story so far' });
  setHandler(pauseRolloutUpdate, ({ actor }) => wish({ kind: 'pause' }, actor), {
    description: 'It looks on, and decides nothing',
  });
  setHandler(resumeRolloutUpdate, ({ actor }) => wish({ kind: 'resume' }, actor), { description: 'It decides again' });
  setHandler(promoteRolloutUpdate, ({ actor, from }) => wish({ kind: 'promote', from }, actor), {
    description: 'To the stage after the one that was seen; after the last, to its end',
  });
  setHandler(rollBackRolloutUpdate, ({ actor }) => wish({ kind: 'rollback' }, actor), {
    description: 'Every new customer goes to the old provider',
  });
  setHandler(setRolloutStageUpdate, ({ actor, stage }) => wish({ kind: 'stage', stage }, actor), {
    description: 'To this stage, counted from 0',
  });

  return {
    see,
    state,
    /** Until the next look is due, or an operator has changed something. */
    async rest(ms: number): Promise<void> {
      const before = steered;
      await condition(() => steered !== before, ms);
    },
    close(): void {
      upsertSearchAttributes([{ key: searchAttributes.status, value: state().status }]);
    },
    carried: (): RolloutCarried => ({ story: lines.slice(-rememberedLines) }),
  };

  function see(sight: RolloutSight): void {
    // An older look, answered late, must not hide what an operator has done since.
    if (seen !== null && sight.version < seen.version) return;
    const isNews = seen === null || seen.status !== sight.status || seen.stage !== sight.stage;
    seen = sight;
    if (isNews) lines.push(`${new Date().toISOString()} **${sight.status}**, ${sight.place}: ${sight.why}`);
    setCurrentDetails(text());
  }

  function text(): string {
    if (seen === null) return 'starting';
    return [...describeSight(seen), ...lines.slice(-rememberedLines)].join('\n\n');
  }
}
