import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cohort } from '../../../../src/domain/rollout/cohort.ts';
import { defaultRolloutSettings } from '../../../../src/domain/rollout/defaults.ts';
import { decideRollout, type GateInput } from '../../../../src/domain/rollout/gate.ts';
import type { RecentHealth } from '../../../../src/domain/rollout/guardrails.ts';

const healthy: RecentHealth = {
  ...{ openings: 50, openingErrors: 0, control: { openings: 50, openingErrors: 0 } },
  ...{ webhookDelayMs: { p95: 2_000, count: 50 }, minutesWithoutWebhook: 1, settledWithoutWebhook: 1 },
  breakerOpenMinutes: null,
};

/** A stage's customers, spread over ten days; of each arm that share is served. */
function aStage(
  stage: number,
  customers: { control: number; treatment: number },
  rates = { control: 0.9, treatment: 0.9 },
) {
  const of = (arm: 'control' | 'treatment') => {
    const succeeded = Math.round((customers[arm] * rates[arm]) / 10);
    return { succeeded, failed: Math.round(customers[arm] / 10) - succeeded };
  };
  return Array.from({ length: 10 }, (_, index): Cohort => {
    const day = `2026-${String(stage + 1).padStart(2, '0')}-${String(index + 10)}`;
    return { stage, day, control: of('control'), treatment: of('treatment') };
  });
}

const decide = (input: Partial<GateInput>) =>
  decideRollout({
    ...{ settings: defaultRolloutSettings, stage: 0, minutesInStage: 10_000, cohorts: [], recent: healthy },
    ...input,
  });

const first = aStage(0, { control: 9_900, treatment: 100 });
const second = aStage(1, { control: 9_000, treatment: 1_000 });
const third = aStage(2, { control: 6_000, treatment: 6_000 });

describe('the gate', () => {
  it('says what a stage needs before anything is known', () => {
    const { decision, missing, statistic } = decide({ minutesInStage: 75 });
    expect(decision).toBe('hold');
    expect(missing).toEqual([
      '22 h 45 min of its 1 d',
      'known outcomes of 50 more customers in treatment (0 of 50)',
      'known outcomes of 50 more customers in control (0 of 50)',
      'customers of both arms to compare (a difference surely above −20 points)',
    ]);
    expect(statistic).toMatchObject({ evidence: expect.closeTo(0.88, 9), difference: null, comparedWith: 'nothing' });
  });

  it('goes on stage by stage while both serve alike, and completes after the last', () => {
    const cohorts = [...first, ...second, ...third];
    expect(decide({ cohorts: first }).decision).toBe('advance');
    expect(decide({ cohorts: cohorts.slice(0, 20), stage: 1 }).decision).toBe('advance');
    expect(decide({ cohorts, stage: 2 }).decision).toBe('advance');
    const last = aStage(3, { control: 0, treatment: 4_000 });
    expect(decide({ cohorts: [...cohorts, ...last], stage: 3 })).toMatchObject({ decision: 'complete', missing: [] });
  });

  it('stays where it is while the difference could cost more than the margin', () => {
    const cohorts = [...first, ...aStage(1, { control: 900, treatment: 100 })];
    const { decision, missing, statistic } = decide({ cohorts, stage: 1 });
    expect(decision).toBe('hold');
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(/^a difference surely above −4 points \(it is 0 points, surely between −/);
    expect(statistic.lowerNeeded).toBeCloseTo(-0.04, 12);
  });

  it('stays for its time, whatever the figures are', () => {
    const { decision, missing } = decide({ cohorts: first, minutesInStage: 1_439 });
    expect(decision).toBe('hold');
    expect(missing).toEqual(['1 min of its 1 d']);
  });

  it('goes back when the treatment serves fewer, and says by how much and how sure it is', () => {
    const cohorts = [...first, ...aStage(1, { control: 9_000, treatment: 1_000 }, { control: 0.9, treatment: 0.83 })];
    const { decision, because, statistic } = decide({ cohorts, stage: 1 });
    expect(decision).toBe('roll_back');
    expect(because).toMatch(
      /^The new provider serves fewer customers: −6\.\d points against control of the same days\./,
    );
    expect(because).toContain('20 is reached by chance in at most 5 % of rollouts');
    expect(statistic.evidence).toBeGreaterThan(20);
  });

  it('does not go back for what changes for both: days differ, their arms do not', () => {
    const poor = { control: 0.5, treatment: 0.5 };
    const cohorts = [...first, ...aStage(1, { control: 9_000, treatment: 1_000 }, poor)];
    const { decision, statistic } = decide({ cohorts, stage: 1 });
    expect(decision).not.toBe('roll_back');
    expect(statistic.difference?.estimate).toBeCloseTo(0, 2);
  });

  it('goes back when everybody is in treatment and clearly fewer are served than control was', () => {
    const cohorts = [
      ...first,
      ...second,
      ...third,
      ...aStage(3, { control: 0, treatment: 1_000 }, { control: 0, treatment: 0.7 }),
    ];
    const { decision, because, statistic } = decide({ cohorts, stage: 3 });
    expect(decision).toBe('roll_back');
    expect(because).toContain('serves 70 % of 1000 customers, the old one served 90 % before');
    expect(statistic.comparedWith).toBe('control_so_far');
  });

  it('does not take control’s own swing for the treatment’s harm', () => {
    const swinging = third.map((cohort, index) => {
      const outcomes = index % 2 === 0 ? { succeeded: 594, failed: 6 } : { succeeded: 486, failed: 114 };
      return { ...cohort, control: outcomes, treatment: outcomes };
    });
    const last = aStage(3, { control: 0, treatment: 2_000 }, { control: 0, treatment: 0.82 });
    expect(decide({ cohorts: [...swinging, ...last], stage: 3 }).decision).toBe('hold');
    expect(decide({ cohorts: [...third, ...last], stage: 3 }).decision).toBe('roll_back');
  });

  it('takes the first customers for a trial, and asks an operator before all follow', () => {
    const stages = [{ kind: 'first', customers: 20 } as const, { kind: 'percent', percent: 10 } as const];
    const cohorts: Cohort[] = [
      { stage: 0, day: '2026-11-22', control: { succeeded: 0, failed: 0 }, treatment: { succeeded: 15, failed: 5 } },
    ];
    const trial = { ...defaultRolloutSettings, stages };
    expect(decide({ settings: trial, cohorts }).decision).toBe('advance');
    const all = {
      ...trial,
      stages: [stages[0] ?? { kind: 'first', customers: 20 }, { kind: 'percent', percent: 100 } as const],
    };
    expect(decide({ settings: all, cohorts }).missing).toEqual([
      'customers of both arms to compare (a difference surely above −2 points)',
    ]);
  });

  it('decides the same whatever the order of the cohorts, with figures that JSON can hold', () => {
    const cohorts = [...first, ...second];
    fc.assert(
      fc.property(fc.shuffledSubarray(cohorts, { minLength: cohorts.length }), (shuffled) => {
        const decided = decide({ cohorts: shuffled, stage: 1 });
        expect(decided).toEqual(decide({ cohorts, stage: 1 }));
        expect(JSON.parse(JSON.stringify(decided))).toEqual(decided);
      }),
      { numRuns: 10 },
    );
  });
});

describe('a guardrail', () => {
  const broken: readonly (readonly [string, Partial<RecentHealth>, string])[] = [
    ['errors of openings', { openings: 12, openingErrors: 9 }, '9 of the newest 12 openings failed'],
    ['late webhooks', { webhookDelayMs: { p95: 300_001, count: 20 } }, 'Webhooks come 300 s late'],
    [
      'silence',
      { minutesWithoutWebhook: 30, settledWithoutWebhook: 5 },
      'No webhook for 30 minutes, while 5 checkouts',
    ],
    ['an open breaker', { breakerOpenMinutes: 10 }, 'breaker has been open for 10 minutes'],
  ];
  it.each(broken)('rolls back at once: %s', (_, recent, because) => {
    const decided = decide({ recent: { ...healthy, ...recent }, minutesInStage: 0 });
    expect(decided.decision).toBe('roll_back');
    expect(decided.because).toContain(because);
  });

  const whole: readonly (readonly [string, Partial<RecentHealth>])[] = [
    ['so few openings that chance could be it', { openings: 4, openingErrors: 4 }],
    ['as many errors as are allowed', { openings: 50, openingErrors: 10 }],
    ['openings that fail at both', { openings: 12, openingErrors: 9, control: { openings: 50, openingErrors: 30 } }],
    ['a late webhook among few', { webhookDelayMs: { p95: 3_000_000, count: 19 } }],
    ['silence while nobody buys', { minutesWithoutWebhook: 3_000, settledWithoutWebhook: 4 }],
    ['buyers within a quiet minute', { minutesWithoutWebhook: 29, settledWithoutWebhook: 40 }],
    ['a breaker that only stumbled', { breakerOpenMinutes: 9 }],
  ];
  it.each(whole)('is not broken by %s', (_, recent) => {
    expect(decide({ recent: { ...healthy, ...recent } }).decision).toBe('hold');
  });
});
