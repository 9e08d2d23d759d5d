import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../db/orm.ts';
import { countArms, type ArmCount } from '../db/queries/rollout-counts.ts';
import type { Logger } from '../logger.ts';
import { createTtlCache } from './ttl-cache.ts';

const owner = ['project', 'mode', 'rollout'] as const;

/**
 * Rollouts that decide now, read from the database when somebody scrapes, at most every 15 s. Every API process tells the
 * same figures: take the maximum, not the sum. What could not be read is left out.
 */
export function addRolloutMetrics(deps: {
  readonly registry: Registry;
  readonly em: () => Db;
  readonly logger: Logger;
}): void {
  const cache = createTtlCache<readonly ArmCount[]>({ ttlMs: 15_000, maxEntries: 1 });
  const seen = () =>
    cache
      .get('arms', () => countArms(deps.em()))
      .catch((error: unknown): readonly ArmCount[] => {
        deps.logger.warn({ err: error }, 'rollouts could not be measured');
        return [];
      });
  const registers: Registry[] = [];
  const stage = new Gauge({
    name: 'billing_rollout_stage',
    help: 'The stage a rollout is in, counted from 0.',
    labelNames: [...owner, 'status'],
    registers,
    async collect() {
      this.reset();
      for (const each of await seen()) this.set({ ...labelsOf(each), status: each.status }, each.stage);
    },
  });
  const age = new Gauge({
    name: 'billing_rollout_last_look_age_seconds',
    help: 'Time since a rollout that is not over was looked at: minutes, or nobody watches it.',
    labelNames: owner,
    registers,
    async collect() {
      this.reset();
      for (const each of await seen())
        if (each.status !== 'rolled_back') this.set(labelsOf(each), (Date.now() - each.seenAt.getTime()) / 1_000);
    },
  });
  const customers = new Gauge({
    name: 'billing_rollout_customers',
    help: 'Organizations in an arm, by the outcome of their first checkout.',
    labelNames: [...owner, 'arm', 'outcome'],
    registers,
    async collect() {
      this.reset();
      for (const each of await seen())
        for (const arm of ['control', 'treatment'] as const)
          for (const outcome of ['succeeded', 'failed', 'unknown'] as const)
            this.set({ ...labelsOf(each), arm, outcome }, each[arm][outcome]);
    },
  });
  for (const gauge of [stage, age, customers]) deps.registry.registerMetric(gauge);
}

function labelsOf({ projectId, live, id }: Pick<ArmCount, 'projectId' | 'live' | 'id'>) {
  return { project: projectId, mode: live ? 'live' : 'test', rollout: id };
}
