import { Gauge, type Registry } from 'prom-client';
import {
  countOpenDifferences,
  measureDrift,
  type Drift,
  type OpenDifferences,
} from '../db/queries/reconciliation-drift.ts';
import type { Db } from '../db/orm.ts';
import { agreementObjective, agreementOf } from '../domain/reconciliation/agreement.ts';
import type { Logger } from '../logger.ts';
import { createTtlCache } from './ttl-cache.ts';

const account = ['project', 'mode', 'provider'] as const;

interface Seen {
  readonly drifts: readonly Drift[];
  readonly open: readonly OpenDifferences[];
}

/**
 * How far our books and the providers' agree, read from the database when somebody scrapes, at most every 15 s. Every
 * API process tells the same figures: take the maximum, not the sum. What could not be read is left out.
 */
export function addDriftMetrics(deps: {
  readonly registry: Registry;
  readonly em: () => Db;
  readonly logger: Logger;
}): void {
  const cache = createTtlCache<Seen>({ ttlMs: 15_000, maxEntries: 1 });
  const read = () => cache.get('drift', () => readDrift(deps.em()));
  const nothing: Seen = { drifts: [], open: [] };
  const seen = () =>
    read().catch((error: unknown) => {
      deps.logger.warn({ err: error }, 'drift could not be measured');
      return nothing;
    });
  const registers: Registry[] = [];
  const agreement = new Gauge({
    name: 'billing_reconciliation_agreement_ratio',
    help: 'Share of compared objects on which our rows and the provider agreed when they were compared.',
    labelNames: [...account, 'window'],
    registers,
    async collect() {
      this.reset();
      for (const drift of (await seen()).drifts)
        for (const [window, measured] of [
          ['last_run', drift.last],
          ['7d', drift.week],
          ['30d', drift.month],
        ] as const) {
          const share = agreementOf(measured);
          if (share !== null) this.set({ ...labelsOf(drift), window }, share);
        }
    },
  });
  const objective = new Gauge({
    name: 'billing_reconciliation_objective_ratio',
    help: 'The share that shall agree, over seven days.',
    registers,
  });
  objective.set(agreementObjective);
  const age = new Gauge({
    name: 'billing_reconciliation_last_success_age_seconds',
    help: 'Time since a comparison of the account went through.',
    labelNames: account,
    registers,
    async collect() {
      this.reset();
      for (const drift of (await seen()).drifts)
        this.set(labelsOf(drift), (Date.now() - drift.lastSuccessAt.getTime()) / 1_000);
    },
  });
  const open = new Gauge({
    name: 'billing_reconciliation_open_differences',
    help: 'Differences that are being mended or wait for a person.',
    labelNames: [...account, 'kind'],
    registers,
    async collect() {
      this.reset();
      for (const { kind, count, ...owner } of (await seen()).open) this.set({ ...labelsOf(owner), kind }, count);
    },
  });
  for (const gauge of [agreement, objective, age, open]) deps.registry.registerMetric(gauge);
}

async function readDrift(em: Db): Promise<Seen> {
  return { drifts: await measureDrift(em, null), open: await countOpenDifferences(em, null) };
}

function labelsOf({ projectId, live, provider }: Pick<Drift, 'projectId' | 'live' | 'provider'>) {
  return { project: projectId, mode: live ? 'live' : 'test', provider };
}
