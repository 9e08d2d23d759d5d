import {
  countTroubledItems,
  listLastReports,
  measureUnreported,
  type ItemFigure,
  type LastReport,
  type UnreportedUsage,
} from '../db/queries/usage-metrics.ts';
import { createDatabaseGauges, owner, ownerLabels, type DatabaseGauges, type GaugeDeps } from './database-gauges.ts';

const dayMs = 86_400_000;

interface Seen {
  readonly unreported: readonly UnreportedUsage[];
  readonly items: readonly ItemFigure[];
  readonly last: readonly LastReport[];
}

/** Whether usage reaches the providers. */
export function addUsageMetrics(deps: GaugeDeps): void {
  const gauges = createDatabaseGauges<Seen>(deps, {
    ...{ what: 'usage reports', ttlMs: 60_000, whenAway: 'none' },
    read: async (em) => ({
      unreported: await measureUnreported(em),
      items: await countTroubledItems(em, Date.now() - dayMs),
      last: await listLastReports(em),
    }),
  });
  addAges(gauges);
  gauges.add(
    {
      name: 'billing_usage_report_items',
      help: 'What providers are told: all that is open, and what is rejected of reports of the last 24 hours.',
      labelNames: [...owner, 'provider', 'status', 'code'],
    },
    ({ items }) =>
      items.map(({ provider, status, code, items: count, ...whose }) => [
        count,
        { ...ownerLabels(whose), provider: provider ?? 'none', status, code: code ?? '' },
      ]),
  );
  addLastReports(gauges);
}

function addAges(gauges: DatabaseGauges<Seen>): void {
  gauges.add(
    {
      name: 'billing_usage_oldest_unreported_age_seconds',
      help: 'Time since the oldest event arrived that no report has told the providers of.',
      labelNames: owner,
    },
    ({ unreported }) => unreported.map((row) => [(Date.now() - row.oldestAt.getTime()) / 1_000, ownerLabels(row)]),
  );
  gauges.add(
    {
      name: 'billing_usage_report_interval_seconds',
      help: 'How often usage that waits shall be reported.',
      labelNames: owner,
    },
    ({ unreported }) => unreported.map((row) => [row.everyMinutes * 60, ownerLabels(row)]),
  );
}

function addLastReports(gauges: DatabaseGauges<Seen>): void {
  gauges.add(
    {
      name: 'billing_usage_report_last_events',
      help: 'Events of the last report that is over, by where they stood when it ended.',
      labelNames: [...owner, 'counted_as'],
    },
    ({ last }) =>
      last.flatMap((row) =>
        (['reported', 'rejected', 'pending'] as const).flatMap((countedAs) => {
          const events = row[countedAs];
          return events === null ? [] : [[events, { ...ownerLabels(row), counted_as: countedAs }] as const];
        }),
      ),
  );
  gauges.add(
    {
      name: 'billing_usage_report_last_succeeded',
      help: 'Whether the last report that is over went through: 1 or 0.',
      labelNames: owner,
    },
    ({ last }) => last.map((row) => [row.status === 'succeeded' ? 1 : 0, ownerLabels(row)]),
  );
  gauges.add(
    {
      name: 'billing_usage_report_differing_meters',
      help: 'Meters of customers at providers that said something else than the last report told them.',
      labelNames: owner,
    },
    ({ last }) => last.map((row) => [row.differing, ownerLabels(row)]),
  );
}
