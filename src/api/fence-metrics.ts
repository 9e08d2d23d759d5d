import type { MikroORM } from '@mikro-orm/postgresql';
import { Gauge, type Registry } from 'prom-client';
import { countOpenReviews, countUnknownStrays } from '../db/queries/reviews.ts';

/**
 * What waits for a person, and what may still take money unnoticed, read when it is asked. While the database is away
 * the last figures stay.
 */
export function measureFence(registry: Registry, orm: MikroORM): void {
  const gauge = <Label extends string>(
    about: { readonly name: string; readonly help: string; readonly labelNames: readonly Label[] },
    count: () => Promise<readonly (Record<Label, string | boolean> & { readonly count: number })[]>,
  ) =>
    registry.registerMetric(
      new Gauge<Label>({
        ...{ name: about.name, help: about.help, labelNames: about.labelNames, registers: [] },
        async collect() {
          const found = await count().catch(() => null);
          if (found === null) return;
          this.reset();
          for (const row of found) this.labels(...about.labelNames.map((label) => String(row[label]))).set(row.count);
        },
      }),
    );
  gauge(
    {
      name: 'billing_reviews_open',
      help: 'What waits for a person to decide, by kind and mode.',
      labelNames: ['kind', 'live'],
    },
    () => countOpenReviews(orm.em.fork()),
  );
  gauge(
    {
      name: 'billing_stray_sessions_unresolved',
      help: 'Sessions beside a checkout’s own that may still take money, by provider and mode.',
      labelNames: ['provider', 'live'],
    },
    () => countUnknownStrays(orm.em.fork()),
  );
}
