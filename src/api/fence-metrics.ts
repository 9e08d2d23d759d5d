import { countOpenReviews, countUnknownStrays } from '../db/queries/reviews.ts';
import { createDatabaseGauges, type GaugeDeps } from './database-gauges.ts';

/** What waits for a person, and what may still take money unnoticed, read when it is asked. */
export function addFenceMetrics(deps: GaugeDeps): void {
  const whenAsked = { ttlMs: 0, whenAway: 'stay' } as const;
  createDatabaseGauges(deps, { ...whenAsked, what: 'open reviews', read: countOpenReviews }).add(
    {
      name: 'billing_reviews_open',
      help: 'What waits for a person to decide, by kind and mode.',
      labelNames: ['kind', 'live'],
    },
    (rows) => rows.map(({ kind, live, count }) => [count, { kind, live: String(live) }]),
  );
  createDatabaseGauges(deps, { ...whenAsked, what: 'stray sessions', read: countUnknownStrays }).add(
    {
      name: 'billing_stray_sessions_unresolved',
      help: 'Sessions beside a checkout’s own that may still take money, by provider and mode.',
      labelNames: ['provider', 'live'],
    },
    (rows) => rows.map(({ provider, live, count }) => [count, { provider, live: String(live) }]),
  );
}
