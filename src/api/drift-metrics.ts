import { Gauge } from 'prom-client';
import { countOpenDifferences, measureDrift } from '../db/queries/reconciliation-drift.ts';
import { agreementObjective, agreementOf } from '../domain/reconciliation/agreement.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { createDatabaseGauges, owner, ownerLabels, type GaugeDeps } from './database-gauges.ts';

const account = [...owner, 'provider'];

/** How far our books and the providers' agree. */
export function addDriftMetrics(deps: GaugeDeps): void {
  const gauges = createDatabaseGauges(deps, {
    ...{ what: 'drift', ttlMs: 15_000, whenAway: 'none' },
    read: async (em) => ({ drifts: await measureDrift(em, null), open: await countOpenDifferences(em, null) }),
  });
  gauges.add(
    {
      name: 'billing_reconciliation_agreement_ratio',
      help: 'Share of compared objects on which our rows and the provider agreed when they were compared.',
      labelNames: [...account, 'window'],
    },
    ({ drifts }) =>
      drifts.flatMap((drift) =>
        Object.entries({ last_run: drift.last, '7d': drift.week, '30d': drift.month }).flatMap(([window, measured]) => {
          const share = agreementOf(measured);
          return share === null ? [] : [[share, { ...labelsOf(drift), window }] as const];
        }),
      ),
  );
  gauges.add(
    {
      name: 'billing_reconciliation_last_success_age_seconds',
      help: 'Time since a comparison of the account went through.',
      labelNames: account,
    },
    ({ drifts }) => drifts.map((drift) => [(Date.now() - drift.lastSuccessAt.getTime()) / 1_000, labelsOf(drift)]),
  );
  gauges.add(
    {
      name: 'billing_reconciliation_open_differences',
      help: 'Differences that are being mended or wait for a person.',
      labelNames: [...account, 'kind'],
    },
    ({ open }) => open.map(({ kind, count, ...whose }) => [count, { ...labelsOf(whose), kind }]),
  );
  const objective = new Gauge({
    name: 'billing_reconciliation_objective_ratio',
    help: 'The share that shall agree, over seven days.',
    registers: [deps.registry],
  });
  objective.set(agreementObjective);
}

function labelsOf({ provider, ...whose }: AccountKey) {
  return { ...ownerLabels(whose), provider };
}
