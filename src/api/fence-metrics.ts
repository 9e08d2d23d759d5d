import type { MikroORM } from '@mikro-orm/postgresql';
import { Gauge, type Registry } from 'prom-client';
import { countOpenReviews, countUnknownStrays } from '../db/queries/reviews.ts';

/**
 * What waits for a person, and what may still take money unnoticed, read when it is asked. While the database is away
 * the last figures stay.
 */
export function measureFence(registry: Registry, orm: MikroORM): void {
  registry.registerMetric(
    new Gauge({
      name: 'billing_reviews_open',
      help: 'What waits for a person to decide, by kind and mode.',
      labelNames: ['kind', 'live'],
      registers: [],
      async collect() {
        const found = await countOpenReviews(orm.em.fork()).catch(() => null);
        if (found === null) return;
        this.reset();
        for (const { kind, live, count } of found) this.set({ kind, live: String(live) }, count);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'billing_stray_sessions_unresolved',
      help: 'Sessions beside a checkout’s own that may still take money, by provider and mode.',
      labelNames: ['provider', 'live'],
      registers: [],
      async collect() {
        const found = await countUnknownStrays(orm.em.fork()).catch(() => null);
        if (found === null) return;
        this.reset();
        for (const { provider, live, count } of found) this.set({ provider, live: String(live) }, count);
      },
    }),
  );
}
