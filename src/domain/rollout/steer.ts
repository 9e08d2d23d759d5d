import type { RolloutDecision, RolloutStatus } from './rollout.ts';

/** What an operator wants. What he saw when he asked goes with it, so that asking twice does it once. */
export type RolloutAct =
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** To the stage after `from`; after the last one, to its end. */
  | { readonly kind: 'promote'; readonly from: number }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'stage'; readonly stage: number };

export type RolloutActKind = RolloutAct['kind'];

export interface RolloutStanding {
  readonly status: RolloutStatus;
  /** Index into the stages. */
  readonly stage: number;
  readonly stages: number;
}

/** Where it goes on from. */
export interface RolloutStep {
  readonly status: RolloutStatus;
  readonly stage: number;
  /** As a look is told. */
  readonly decision: RolloutDecision;
  readonly isNewStage: boolean;
}

export function isRolloutOver(status: RolloutStatus): boolean {
  return status === 'completed' || status === 'rolled_back';
}

/** @returns null: nothing is to be changed, for it is so already, or it is over. */
export function stepByOperator(standing: RolloutStanding, act: RolloutAct): RolloutStep | null {
  const { status, stage } = standing;
  if (isRolloutOver(status)) return null;
  switch (act.kind) {
    case 'pause':
      return status === 'paused' ? null : { status: 'paused', stage, decision: 'hold', isNewStage: false };
    case 'resume':
      return status === 'running' ? null : { status: 'running', stage, decision: 'hold', isNewStage: false };
    case 'promote':
      return act.from === stage ? forward(standing) : null;
    case 'rollback':
      return { status: 'rolled_back', stage, decision: 'roll_back', isNewStage: false };
    case 'stage':
      if (act.stage === stage || act.stage < 0 || act.stage >= standing.stages) return null;
      return { status, stage: act.stage, decision: act.stage > stage ? 'advance' : 'hold', isNewStage: true };
  }
}

/** What the rollout itself decides; a held one only looks. */
export function stepByDecision(standing: RolloutStanding, decision: RolloutDecision): RolloutStep | null {
  if (standing.status !== 'running') return null;
  switch (decision) {
    case 'hold':
      return null;
    case 'advance':
    case 'complete':
      return forward(standing);
    case 'roll_back':
      return { status: 'rolled_back', stage: standing.stage, decision, isNewStage: false };
  }
}

function forward({ status, stage, stages }: RolloutStanding): RolloutStep {
  if (stage + 1 >= stages) return { status: 'completed', stage, decision: 'complete', isNewStage: false };
  return { status, stage: stage + 1, decision: 'advance', isNewStage: true };
}
