import { describe, expect, it } from 'vitest';
import { rolloutWorlds, type NamedWorld } from '../../../../scripts/simulate/rollout-worlds.ts';
import { simulateRollout } from '../../../../scripts/simulate/simulate-rollout.ts';
import { breachOf, summarize, tableOf } from '../../../../scripts/simulate/summarize-rollouts.ts';
import { countOf, sumOutcomes } from '../../../../src/domain/rollout/cohort.ts';
import type { GateInput } from '../../../../src/domain/rollout/gate.ts';

// `npm run simulate:rollout` plays a thousand of each world; these are enough to find a gate that is wrong.
const seeds = 40;

/** Looked at twice a day, for time is short here. */
const worldOf = (name: string): NamedWorld => {
  const world = rolloutWorlds.find((each) => each.name === name);
  if (world === undefined) throw new Error(`no world is called “${name}”`);
  return { ...world, looksPerDay: 2 };
};

function playAll(world: NamedWorld, decide?: Parameters<typeof simulateRollout>[2]) {
  const runs = Array.from({ length: seeds }, (_, index) => simulateRollout(world, index + 1, decide));
  return summarize(world, runs);
}

/** What a hurried engineer would watch: the usual test for two rates, at every look. */
function impatient({ cohorts, stage }: GateInput) {
  const [control, treatment] = (['control', 'treatment'] as const).map((arm) =>
    sumOutcomes(cohorts.filter((cohort) => cohort.stage === stage).map((cohort) => cohort[arm])),
  );
  const [here, there] = [treatment ?? { succeeded: 0, failed: 0 }, control ?? { succeeded: 0, failed: 0 }];
  const [n, m] = [countOf(here), countOf(there)];
  const pooled = (here.succeeded + there.succeeded) / (n + m);
  const score = (here.succeeded / n - there.succeeded / m) / Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  const isEnough = n >= 500 && m >= 500;
  return { decision: score < -1.645 ? 'roll_back' : isEnough ? 'complete' : 'hold', because: '' } as const;
}

describe('simulated rollouts', { timeout: 120_000 }, () => {
  it.each(['equal, 90 %', 'equal, 90 % ± 5 points in two weeks'])(
    'with equal arms are hardly ever rolled back: %s',
    (name) => {
      const summary = playAll(worldOf(name));
      expect(breachOf(summary)).toBeNull();
      expect(summary.completed).toBeGreaterThan(0.9);
    },
  );

  it.each(['90 % → 85 %', '90 % → 70 %'])(
    'of a worse treatment are rolled back before a thousand customers met it: %s',
    (name) => {
      expect(breachOf(playAll(worldOf(name)))).toBeNull();
    },
  );

  it('find a gate that looks again and again as if it looked once', () => {
    const summary = playAll(worldOf('equal, 90 %, 2,000 customers a day'), impatient);
    expect(breachOf(summary)).toContain('at most 5 % may be');
  });

  it('find a gate that is too patient', () => {
    const patient = () => ({ decision: 'hold', because: '' }) as const;
    const summary = summarize(worldOf('90 % → 85 %'), [simulateRollout(worldOf('90 % → 85 %'), 1, patient)]);
    expect(breachOf(summary)).toContain('at least 95 % must be');
    expect(tableOf([summary])).toContain('| 90 % → 85 % | 1 | 0 % | 0 % |  | 0 % | 100 % | 180 |');
  });
});
