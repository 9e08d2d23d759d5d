import { condition, setHandler, sleep } from '@temporalio/workflow';
import type { RunProgress } from '../activities/begin-reconciliation.ts';
import type { ReconciliationPhase, ReconciliationStatus } from '../domain/reconciliation/run.ts';
import { isReconciliationOver } from '../domain/reconciliation/run.ts';
import {
  cancelUpdate,
  pauseUpdate,
  reconciliationQuery,
  resumeUpdate,
  type ReconcileCarried,
  type ReconcileInput,
  type ReconciliationState,
} from './messages.ts';
import { openStory } from './run-story.ts';

interface Acts {
  /** Stops what is being done. */
  readonly cancel: () => void;
  /** Writes whether it is held. */
  readonly record: (isPaused: boolean) => Promise<unknown>;
}

/**
 * Where operators see how far a comparison is, and hold, continue or end it. Its handlers are set at once, before
 * anything is awaited.
 */
export function openDesk(input: ReconcileInput, acts: Acts) {
  const { carried, change, close, state, tell } = openStory<ReconciliationState>({
    first: { ...nothingYet, isPaused: input.carried?.isPaused ?? false },
    story: input.carried?.story ?? [],
    headlines: (now) => [headline(now)],
  });
  let looks = input.carried?.looks ?? 0;
  let writing: Promise<unknown> = Promise.resolve();
  const isOver = () => isReconciliationOver(state().status);

  /** One write at a time, so that the row ends as the last wish was. */
  const hold = async (isPaused: boolean): Promise<ReconciliationState> => {
    if (isOver() || state().isPaused === isPaused) return state();
    change({ isPaused });
    tell(isPaused ? 'held by an operator' : 'goes on');
    writing = writing.then(() => acts.record(isPaused));
    await writing;
    return state();
  };
  setHandler(reconciliationQuery, state, { description: 'How far it is' });
  setHandler(pauseUpdate, () => hold(true), { description: 'Holds it after the page in hand' });
  setHandler(resumeUpdate, () => hold(false), { description: 'Lets it go on' });
  setHandler(
    cancelUpdate,
    async () => {
      acts.cancel();
      await condition(isOver);
      return state();
    },
    { description: 'Ends it; what was found stays' },
  );

  return {
    begin(row: RunProgress): void {
      const { status, phase, compared, found, repaired, queued, restarted } = row;
      change({ status, phase, compared, found, repaired, queued, restarted });
    },
    enter(phase: ReconciliationPhase): void {
      change({ phase });
      tell(phaseWords[phase]);
    },
    count(page: { readonly compared: number; readonly found: number; readonly restarted?: number }): void {
      change({
        compared: state().compared + page.compared,
        found: state().found + page.found,
        restarted: state().restarted + (page.restarted ?? 0),
      });
    },
    mended(done: { readonly repaired: number; readonly queued: number }): void {
      change({ repaired: state().repaired + done.repaired, queued: state().queued + done.queued });
    },
    hasFound: () => state().found > 0,
    /** For the log: how many, no names. */
    counts: () => ({ found: state().found, repaired: state().repaired, queued: state().queued }),
    looks: () => looks,
    looked: () => void (looks += 1),
    /** Waits while it is held. */
    turn: () => condition(() => !state().isPaused),
    rest: (ms: number, summary: string) => sleep(ms, { summary }),
    close(status: ReconciliationStatus, failure: { readonly code: string } | null): void {
      change({ status, phase: 'done' });
      close(failure);
    },
    carried: (): ReconcileCarried => ({ isPaused: state().isPaused, looks, story: carried() }),
  };
}

const nothingYet: ReconciliationState = {
  ...{ status: 'requested', isPaused: false, phase: 'theirs' },
  ...{ compared: 0, found: 0, repaired: 0, queued: 0, restarted: 0 },
};

const phaseWords: Readonly<Record<ReconciliationPhase, string>> = {
  theirs: 'compares what changed at the provider',
  ours: 'compares what changed here',
  workflows: 'looks for lost workflows',
  repair: 'mends what differs',
  done: 'done',
};

function headline({
  status,
  isPaused,
  phase,
  compared,
  found,
  repaired,
  queued,
  restarted,
}: ReconciliationState): string {
  const settled =
    phase === 'repair' && found > 0 ? `, ${Math.floor((100 * (repaired + queued)) / found)} % settled` : '';
  const counts = `${compared} compared, ${found} differ (${repaired} repaired, ${queued} for a person)`;
  return `**${isPaused ? 'paused' : status}** in ${phase}${settled}: ${counts}, ${restarted} workflows started again`;
}
