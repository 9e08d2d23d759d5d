import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RolloutDecision } from '../../../../src/domain/rollout/rollout.ts';
import {
  stepByDecision,
  stepByOperator,
  type RolloutAct,
  type RolloutStanding,
} from '../../../../src/domain/rollout/steer.ts';

const running: RolloutStanding = { status: 'running', stage: 1, stages: 4 };
const anAct: fc.Arbitrary<RolloutAct> = fc.oneof(
  fc.constantFrom<RolloutAct>({ kind: 'pause' }, { kind: 'resume' }, { kind: 'rollback' }),
  fc.nat(3).map((from): RolloutAct => ({ kind: 'promote', from })),
  fc.integer({ min: -1, max: 5 }).map((stage): RolloutAct => ({ kind: 'stage', stage })),
);
const decisions: readonly RolloutDecision[] = ['hold', 'advance', 'complete', 'roll_back'];

describe('what an operator asks', () => {
  it('done twice is done once', () => {
    fc.assert(
      fc.property(anAct, (act) => {
        const once = stepByOperator(running, act) ?? running;
        expect(stepByOperator({ ...once, stages: 4 }, act)).toBeNull();
      }),
    );
  });

  it('promotes to the next stage, and from the last to the end', () => {
    expect(stepByOperator(running, { kind: 'promote', from: 1 })).toMatchObject({ stage: 2, status: 'running' });
    const last = { ...running, stage: 3 };
    expect(stepByOperator(last, { kind: 'promote', from: 3 })).toMatchObject({ status: 'completed', stage: 3 });
  });

  it('changes the stage of one that is held without letting it go', () => {
    const held: RolloutStanding = { ...running, status: 'paused' };
    expect(stepByOperator(held, { kind: 'stage', stage: 3 })).toMatchObject({ status: 'paused', stage: 3 });
  });
});

describe('a rollout that is', () => {
  it('over is not moved by anybody', () => {
    fc.assert(
      fc.property(anAct, fc.constantFrom(...decisions), (act, decision) => {
        for (const status of ['completed', 'rolled_back'] as const) {
          expect(stepByOperator({ ...running, status }, act)).toBeNull();
          expect(stepByDecision({ ...running, status }, decision)).toBeNull();
        }
      }),
    );
  });

  it('held decides nothing by itself', () => {
    for (const decision of decisions) expect(stepByDecision({ ...running, status: 'paused' }, decision)).toBeNull();
  });
});
