import { defaultRolloutSettings } from '../../src/domain/rollout/defaults.ts';
import type { RolloutWorld } from './simulate-rollout.ts';

/** What a world is held to. `none`: it is shown only, for nothing is promised of it. */
export interface NamedWorld extends RolloutWorld {
  readonly name: string;
  readonly promise: 'rarely_rolled_back' | 'rolled_back_before_1000' | 'none';
}

const usual = { settings: defaultRolloutSettings, customersPerDay: 500, controlRate: 0.9, drop: 0, looksPerDay: 6 };

/** Where a tenth of a day's customers is too many to wait a day for. */
const slower = {
  ...defaultRolloutSettings,
  stages: [1, 5, 50, 100].map((percent) => ({ kind: 'percent' as const, percent })),
};

const equal = (name: string, world: Partial<RolloutWorld>): NamedWorld => ({
  ...usual,
  ...{ name: `equal, ${name}`, promise: 'rarely_rolled_back' },
  ...world,
});

const worse = (name: string, world: Partial<RolloutWorld>): NamedWorld => ({
  ...usual,
  ...{ name, promise: 'rolled_back_before_1000', drop: 0.05 },
  ...world,
});

/** At the default settings, through all of their stages. */
export const rolloutWorlds: readonly NamedWorld[] = [
  equal('30 %', { controlRate: 0.3 }),
  equal('60 %', { controlRate: 0.6 }),
  equal('90 %', {}),
  equal('90 %, watched every hour', { looksPerDay: 24 }),
  equal('90 %, 100 customers a day', { customersPerDay: 100 }),
  equal('90 %, 2,000 customers a day', { customersPerDay: 2_000 }),
  equal('90 % ± 5 points in two weeks', { swing: 0.05 }),
  equal('97 %', { controlRate: 0.97 }),
  worse('90 % → 85 %', {}),
  worse('90 % → 85 %, 100 customers a day', { customersPerDay: 100 }),
  worse('90 % → 85 %, 1,000 customers a day', { customersPerDay: 1_000 }),
  { ...worse('90 % → 85 %, 2,000 customers a day', { customersPerDay: 2_000 }), promise: 'none' },
  worse('90 % → 85 %, 2,000 customers a day, stages 1, 5, 50, 100', { customersPerDay: 2_000, settings: slower }),
  worse('90 % → 85 %, ± 5 points in two weeks', { swing: 0.05 }),
  worse('97 % → 92 %', { controlRate: 0.97 }),
  worse('90 % → 70 %', { drop: 0.2 }),
  { ...worse('60 % → 55 %', { controlRate: 0.6 }), promise: 'none' },
  { ...worse('60 % → 50 %', { controlRate: 0.6, drop: 0.1 }), promise: 'rolled_back_before_1000' },
  { ...worse('30 % → 25 %', { controlRate: 0.3 }), promise: 'none' },
  { ...worse('90 % → 88 %', { drop: 0.02 }), promise: 'none' },
  { ...worse('90 %, → 85 % from the 50 % stage on', { dropsFromStage: 2 }), promise: 'none' },
  { ...worse('90 %, → 85 % in the 100 % stage', { dropsFromStage: 3 }), promise: 'none' },
];
