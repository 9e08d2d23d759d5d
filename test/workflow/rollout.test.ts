import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutSight } from '../../src/activities/look-at-rollout.ts';
import type { ArmFigures, RolloutDecision } from '../../src/domain/rollout/rollout.ts';
import { stepByDecision, stepByOperator, type RolloutStanding } from '../../src/domain/rollout/steer.ts';
import {
  pauseRolloutUpdate,
  promoteRolloutUpdate,
  resumeRolloutUpdate,
  rollBackRolloutUpdate,
  rolloutQuery,
  setRolloutStageUpdate,
  whyQuery,
} from '../../src/workflows/messages.ts';
import type { rollout } from '../../src/workflows/rollout.ts';
import { rolloutStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const start = () => {
  const id = `ro_${(count += 1)}`;
  return world.env.client.workflow.start<typeof rollout>(
    'rollout',
    rolloutStart({ id, projectId: 'p', live: false, fromProvider: 'old', toProvider: 'fresh' }),
  );
};

const minuteMs = 60_000;
const nothing: ArmFigures = {
  ...{ customers: 0, attempts: 0, succeeded: 0, failed: 0, unknown: 0, openings: 0, openingErrors: 0 },
  ...{ webhookDelayMs: null, checkoutMs: null },
};

/** A row with four stages; what each look decides is up to the test. */
function aRow(decide: (look: number, standing: RolloutStanding) => RolloutDecision) {
  const row = { status: 'running', stage: 0, stages: 4, version: 1, looks: 0 } as RolloutStanding & {
    version: number;
    looks: number;
  };
  const lookedAtMs: number[] = [];
  const sight = (because: string, decision: RolloutDecision): RolloutSight => ({
    ...{ version: row.version, status: row.status, stage: row.stage, why: because },
    place: `stage ${row.stage + 1} of 4`,
    look: {
      ...{ decision, because, missing: ['time'], control: nothing, treatment: { ...nothing, succeeded: 9, failed: 1 } },
      statistic: {
        ...{
          evidence: 1.234567,
          evidenceNeeded: 20,
          evidenceOf: { drawn: 1, undrawn: 0.2 },
          lowerNeeded: -0.02,
          comparedWith: 'control',
        },
        ...{ difference: null, controlRate: null, treatmentRate: 0.9 },
      },
    },
  });
  const take = (step: ReturnType<typeof stepByDecision>) => {
    if (step) Object.assign(row, { status: step.status, stage: step.stage, version: row.version + 1 });
  };
  const activities = {
    lookAtRollout: async () => {
      lookedAtMs.push(await world.env.currentTimeMs());
      const decision = decide((row.looks += 1), row);
      take(stepByDecision(row, decision));
      return sight(`look ${row.looks}`, decision);
    },
    steerRollout: async ({ act, actor }) => {
      take(stepByOperator(row, act));
      return sight(`${actor}: ${act.kind}`, 'hold');
    },
  } satisfies FakeActivities;
  return { row, lookedAtMs, activities };
}

describe('a rollout', () => {
  it('looks every minute, goes stage by stage and ends after the last', async () => {
    const { lookedAtMs, activities } = aRow((look) => (look % 3 === 0 ? 'advance' : 'hold'));
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'completed' });
      expect(lookedAtMs).toHaveLength(12);
      for (const [index, atMs] of lookedAtMs.slice(1).entries())
        expect(atMs - (lookedAtMs[index] ?? 0)).toBeGreaterThanOrEqual(minuteMs);
      expect(await handle.query(rolloutQuery)).toEqual({ status: 'completed', stage: 3 });
    });
  });

  it('goes back at the very look that finds a guardrail broken, and tells both arms and the evidence', async () => {
    const { row, activities } = aRow((look) => (look === 2 ? 'roll_back' : 'hold'));
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'rolled_back' });
      expect(row.looks).toBe(2);
      const why = await handle.query(whyQuery);
      expect(why).toMatch(/\*\*rolled_back\*\* at stage 1 of 4: look 2/);
      expect(why).toMatch(/\| success rate \| – \| 90 % \|/);
      expect(why).toMatch(/1\.23 of 20/);
    });
  });

  it('goes on as a new run when its history is long, with its story', async () => {
    const { activities } = aRow((look) => (look < 150 ? 'hold' : 'roll_back'));
    await world.withActivities(activities, async () => {
      const handle = await start();
      await handle.result();
      const last = world.env.client.workflow.getHandle(handle.workflowId);
      expect((await last.describe()).runId).not.toBe(handle.firstExecutionRunId);
      expect(await last.query(whyQuery)).toMatch(/\*\*running\*\*[^]*\*\*rolled_back\*\*/);
    });
  });
});

describe('an operator', () => {
  it('holds it, steers it meanwhile, and lets it go on', async () => {
    const { row, activities } = aRow(() => 'hold');
    await world.withActivities(activities, async () => {
      const handle = await start();
      const by = { actor: 'key_1' };
      expect(await handle.executeUpdate(pauseRolloutUpdate, { args: [by] })).toEqual({ status: 'paused', stage: 0 });
      const promote = () => handle.executeUpdate(promoteRolloutUpdate, { args: [{ ...by, from: 0 }] });
      expect(await promote()).toEqual({ status: 'paused', stage: 1 });
      // Asked for again, as after a lost answer: it is done already.
      expect(await promote()).toEqual({ status: 'paused', stage: 1 });
      await handle.executeUpdate(setRolloutStageUpdate, { args: [{ ...by, stage: 3 }] });
      expect(await handle.executeUpdate(resumeRolloutUpdate, { args: [by] })).toEqual({ status: 'running', stage: 3 });
      const looks = row.looks;
      await world.env.sleep('10m');
      expect(row.looks).toBeGreaterThanOrEqual(looks + 5);
      expect(await handle.query(whyQuery)).toMatch(/key_1: stage/);
      await handle.executeUpdate(promoteRolloutUpdate, { args: [{ ...by, from: 3 }] });
      expect(await handle.result()).toEqual({ status: 'completed' });
    });
  });

  it('rolls it back at once, without waiting for a look', async () => {
    const { lookedAtMs, activities } = aRow(() => 'hold');
    await world.withActivities(activities, async () => {
      const handle = await start();
      const answered = await handle.executeUpdate(rollBackRolloutUpdate, { args: [{ actor: 'key_1' }] });
      expect(answered.status).toBe('rolled_back');
      expect(await handle.result()).toEqual({ status: 'rolled_back' });
      expect(lookedAtMs.length).toBeLessThanOrEqual(2);
    });
  });
});
