import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../db/orm.ts';
import type { Logger } from '../logger.ts';
import { createTtlCache } from './ttl-cache.ts';

export interface GaugeDeps {
  readonly registry: Registry;
  readonly em: () => Db;
  readonly logger: Logger;
}

type Labels = Readonly<Record<string, string>>;

/** A value, and what it is of. */
export type Figure = readonly [value: number, labels?: Labels];

export interface DatabaseGauges<Seen> {
  /** Registers a gauge. Figures with the same labels add up. */
  add(
    about: { readonly name: string; readonly help: string; readonly labelNames: readonly string[] },
    figuresOf: (seen: Seen) => readonly Figure[],
  ): void;
}

/**
 * Gauges of what the database says when somebody scrapes. Every API process tells the same figures: take the maximum, not
 * the sum.
 *
 * @param input.what For the log, where it could not be read: `usage reports`.
 * @param input.ttlMs How long a reading serves; 0: each is its own.
 * @param input.whenAway While the database is away the last figures stay, or there are none.
 */
export function createDatabaseGauges<Seen>(
  deps: GaugeDeps,
  input: {
    readonly what: string;
    readonly ttlMs: number;
    readonly whenAway: 'stay' | 'none';
    read(em: Db): Promise<Seen>;
  },
): DatabaseGauges<Seen> {
  const cache = createTtlCache<Seen>({ ttlMs: input.ttlMs, maxEntries: 1 });
  const seen = () =>
    cache
      .get('seen', () => input.read(deps.em()))
      .catch((error: unknown) => {
        deps.logger.warn({ err: error }, `${input.what} could not be measured`);
        return null;
      });
  return {
    add(about, figuresOf) {
      const gauge = new Gauge({
        ...{ ...about, registers: [] },
        async collect() {
          const found = await seen();
          if (found === null && input.whenAway === 'stay') return;
          this.reset();
          for (const [value, labels = {}] of found === null ? [] : figuresOf(found)) this.inc(labels, value);
        },
      });
      deps.registry.registerMetric(gauge);
    },
  };
}

/** The labels that all of them share: whose a figure is. */
export const owner = ['project', 'mode'] as const;

export function ownerLabels({ projectId, live }: { readonly projectId: string; readonly live: boolean }) {
  return { project: projectId, mode: live ? 'live' : 'test' };
}
