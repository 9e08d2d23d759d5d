import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** Figures of one API process, in a registry of its own. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly checkouts: Counter<'provider' | 'status'>;
  readonly fallbacks: Counter<'attempted' | 'fallback' | 'reason'>;
  readonly subscriptionFallbacks: Counter<'attempted' | 'fallback' | 'reason'>;
  readonly webhooks: Counter<'provider' | 'result'>;
  readonly refusals: Counter<'code'>;
  readonly usageEvents: Counter<'result'>;
}

export function createMetrics(options: { readonly withDefaults?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.withDefaults) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: 'billing_http_request_duration_seconds',
      help: 'Time to answer, by route pattern.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
      registers,
    }),
    checkouts: new Counter({
      name: 'billing_checkouts_total',
      help: 'Checkouts answered, by provider and status at that moment.',
      labelNames: ['provider', 'status'],
      registers,
    }),
    fallbacks: new Counter({
      name: 'billing_checkout_fallbacks_total',
      help: 'Checkouts that another provider than the first choice opened.',
      labelNames: ['attempted', 'fallback', 'reason'],
      registers,
    }),
    subscriptionFallbacks: new Counter({
      name: 'billing_subscription_fallbacks_total',
      help: 'Subscriptions without a page that another provider than the first choice began, as their creation answered.',
      labelNames: ['attempted', 'fallback', 'reason'],
      registers,
    }),
    webhooks: new Counter({
      name: 'billing_webhooks_total',
      help: 'Webhooks received, by provider and result.',
      labelNames: ['provider', 'result'],
      registers,
    }),
    refusals: new Counter({
      name: 'billing_http_refusals_total',
      help: 'Requests refused, by error code.',
      labelNames: ['code'],
      registers,
    }),
    usageEvents: new Counter({
      name: 'billing_usage_events_total',
      help: 'Events of usage that came in, by result: accepted, duplicates, rejected.',
      labelNames: ['result'],
      registers,
    }),
  };
}
