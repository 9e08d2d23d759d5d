import { Gauge, type Registry } from 'prom-client';
import {
  countTroubledItems,
  listLastReports,
  measureUnreported,
  type ItemFigure,
  type LastReport,
  type UnreportedUsage,
} from '../db/queries/usage-metrics.ts';
import type { Db } from '../db/orm.ts';
import type { Logger } from '../logger.ts';
import { createTtlCache } from './ttl-cache.ts';

const owner = ['project', 'mode'] as const;
const dayMs = 86_400_000;

interface Seen {
  readonly unreported: readonly UnreportedUsage[];
  readonly items: readonly ItemFigure[];
  readonly last: readonly LastReport[];
}

/**
 * Whether usage reaches the providers, read from the database when somebody scrapes, at most once a minute. Every API
 * process tells the same figures: take the maximum, not the sum. What could not be read is left out.
 */
export function addUsageMetrics(deps: {
  readonly registry: Registry;
  readonly em: () => Db;
  readonly logger: Logger;
}): void {
  const cache = createTtlCache<Seen>({ ttlMs: 60_000, maxEntries: 1 });
  const nothing: Seen = { unreported: [], items: [], last: [] };
  const seen = () =>
    cache
      .get('usage', () => readUsage(deps.em()))
      .catch((error: unknown) => {
        deps.logger.warn({ err: error }, 'usage reports could not be measured');
        return nothing;
      });
  for (const gauge of [...ageGauges(seen), itemsGauge(seen), ...lastGauges(seen)]) deps.registry.registerMetric(gauge);
}

async function readUsage(em: Db): Promise<Seen> {
  return {
    unreported: await measureUnreported(em),
    items: await countTroubledItems(em, Date.now() - dayMs),
    last: await listLastReports(em),
  };
}

function ageGauges(seen: () => Promise<Seen>): readonly Gauge[] {
  const age = new Gauge({
    name: 'billing_usage_oldest_unreported_age_seconds',
    help: 'Time since the oldest event arrived that no report has told the providers of.',
    labelNames: owner,
    registers: [],
    async collect() {
      this.reset();
      for (const row of (await seen()).unreported)
        this.set(labelsOf(row), (Date.now() - row.oldestAt.getTime()) / 1_000);
    },
  });
  const every = new Gauge({
    name: 'billing_usage_report_interval_seconds',
    help: 'How often usage that waits shall be reported.',
    labelNames: owner,
    registers: [],
    async collect() {
      this.reset();
      for (const row of (await seen()).unreported) this.set(labelsOf(row), row.everyMinutes * 60);
    },
  });
  return [age, every];
}

function itemsGauge(seen: () => Promise<Seen>): Gauge {
  return new Gauge({
    name: 'billing_usage_report_items',
    help: 'What providers are told: all that is open, and what is rejected of reports of the last 24 hours.',
    labelNames: [...owner, 'provider', 'status', 'code'],
    registers: [],
    async collect() {
      this.reset();
      for (const { provider, status, code, items, ...whose } of (await seen()).items)
        this.inc({ ...labelsOf(whose), provider: provider ?? 'none', status, code: code ?? '' }, items);
    },
  });
}

function lastGauges(seen: () => Promise<Seen>): readonly Gauge[] {
  const events = new Gauge({
    name: 'billing_usage_report_last_events',
    help: 'Events of the last report that is over, by where they stood when it ended.',
    labelNames: [...owner, 'counted_as'],
    registers: [],
    async collect() {
      this.reset();
      for (const row of (await seen()).last)
        for (const countedAs of ['reported', 'rejected', 'pending'] as const) {
          const events = row[countedAs];
          if (events !== null) this.set({ ...labelsOf(row), counted_as: countedAs }, events);
        }
    },
  });
  const succeeded = new Gauge({
    name: 'billing_usage_report_last_succeeded',
    help: 'Whether the last report that is over went through: 1 or 0.',
    labelNames: owner,
    registers: [],
    async collect() {
      this.reset();
      for (const row of (await seen()).last) this.set(labelsOf(row), row.status === 'succeeded' ? 1 : 0);
    },
  });
  const differing = new Gauge({
    name: 'billing_usage_report_differing_meters',
    help: 'Meters of customers at providers that said something else than the last report told them.',
    labelNames: owner,
    registers: [],
    async collect() {
      this.reset();
      for (const row of (await seen()).last) this.set(labelsOf(row), row.differing);
    },
  });
  return [events, succeeded, differing];
}

function labelsOf({ projectId, live }: { readonly projectId: string; readonly live: boolean }) {
  return { project: projectId, mode: live ? 'live' : 'test' };
}
