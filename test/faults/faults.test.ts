import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runFaults } from './faults-run.ts';
import { render } from './render.ts';

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const dose = {
  seed: number('FAULTS_SEED', randomInt(1, 1_000_000)),
  checkouts: number('FAULTS_CHECKOUTS', 1_000),
  ratePerSecond: number('FAULTS_RATE', 12),
};

describe('providers that fail and processes that die during checkouts', () => {
  it('charge nobody twice, lose nobody’s money and leave nothing unresolved', { timeout: 900_000 }, async () => {
    const result = await runFaults(dose, () => undefined);
    // A failure's message is the whole report: the faults, the command that replays them, where the logs are.
    if (result.faults.length > 0) throw new Error(render(result));
    expect(Object.values(result.disturbance.kills).every((kills) => kills > 0)).toBe(true);
    expect(Object.values(result.disturbance.struck).reduce((sum, hits) => sum + hits, 0)).toBeGreaterThan(0);
  });
});
