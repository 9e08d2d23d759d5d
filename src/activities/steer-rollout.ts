import { judgeRollout } from '../db/queries/judge-rollout.ts';
import { lockRollout, takeStep } from '../db/queries/rollout-changes.ts';
import { findRollout } from '../db/queries/rollouts.ts';
import { stepByOperator, type RolloutAct, type RolloutActKind } from '../domain/rollout/steer.ts';
import type { ActivityDeps } from './deps.ts';
import { seenIn, sight, standingOf, tellChange, type RolloutRef, type RolloutSight } from './look-at-rollout.ts';

export interface SteerRolloutInput extends RolloutRef {
  readonly act: RolloutAct;
  /** Who asked: a key's id. */
  readonly actor: string;
}

/** Does what an operator wants, with what both arms showed at that moment. Asked again, or too late, it changes nothing. */
export function createSteerRollout(deps: ActivityDeps) {
  return async function steerRollout(input: SteerRolloutInput): Promise<RolloutSight> {
    const { rolloutId, act, actor } = input;
    const em = deps.orm.em.fork();
    const read = await findRollout(em, input, rolloutId);
    if (read === null) throw new Error(`there is no rollout ${rolloutId}`);
    const look = await judgeRollout(em, read, new Date());
    const row = await deps.orm.em.fork().transactional(async (tx) => {
      const locked = await lockRollout(tx, input, rolloutId);
      const step = stepByOperator(standingOf(locked), act);
      if (step === null) return locked;
      await takeStep(tx, locked, { step, because: words[act.kind], actor, seen: seenIn(look) });
      await tellChange(tx, locked);
      return locked;
    });
    return sight(row, look);
  };
}

const words: Readonly<Record<RolloutActKind, string>> = {
  pause: 'An operator holds it: it looks, and decides nothing.',
  resume: 'An operator lets it go on.',
  promote: 'An operator promoted it.',
  rollback: 'An operator rolled it back.',
  stage: 'An operator set its stage.',
};
