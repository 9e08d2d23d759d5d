import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { render } from './render.ts';
import { runUsageFaults } from './usage-faults-run.ts';

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const dose = {
  seed: number('USAGE_FAULTS_SEED', randomInt(1, 1_000_000)),
  events: number('USAGE_FAULTS_EVENTS', 20_000),
  ratePerSecond: number('USAGE_FAULTS_RATE', 800),
};

describe('providers that fail and processes that die while usage comes in and is reported', () => {
  it('count every event once here and once there, and reports that add up', { timeout: 900_000 }, async () => {
    const result = await runUsageFaults(dose, () => undefined);
    // A failure's message is the whole report: the faults, the command that replays them, where the logs are.
    if (result.faults.length > 0) throw new Error(render(result));
    expect(Object.values(result.disturbance.kills).every((kills) => kills > 0)).toBe(true);
    expect(Object.values(result.disturbance.struck).reduce((sum, hits) => sum + hits, 0)).toBeGreaterThan(0);
    expect(result.sent.duplicates).toBeGreaterThan(0);
    expect(result.reported).toBeGreaterThan(0);
  });
});
