import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runMigrationFaults } from './migration-faults-run.ts';
import { render } from './render.ts';

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const dose = {
  seed: number('MIGRATION_FAULTS_SEED', randomInt(1, 1_000_000)),
  subscriptions: number('MIGRATION_FAULTS_SUBSCRIPTIONS', 200),
  ratePerSecond: number('MIGRATION_FAULTS_RATE', 8),
};

describe('providers that fail and processes that die while customers are led to another provider', () => {
  it('charge no period twice and leave none uncovered, by the ledger', { timeout: 1_500_000 }, async () => {
    const result = await runMigrationFaults(dose, () => undefined);
    // A failure's message is the whole report: the faults, the command that replays them, where the logs are.
    if (result.faults.length > 0) throw new Error(render(result));
    expect(Object.values(result.disturbance.kills).every((kills) => kills > 0)).toBe(true);
    expect(Object.values(result.disturbance.struck).reduce((sum, hits) => sum + hits, 0)).toBeGreaterThan(0);
    expect(result.fates['moves']).toBeGreaterThan(0);
    expect(result.fates['stays']).toBeGreaterThan(0);
    expect(result.charges).toBeGreaterThan(dose.subscriptions);
    expect(result.proofLines).toBe(Object.values(result.fates).reduce((sum, count) => sum + count, 0));
  });
});
