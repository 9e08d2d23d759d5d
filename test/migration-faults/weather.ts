import { kindOfCall, webhookKinds, type FaultPhase, type Weather } from '../faults/storms.ts';

const operations: readonly (string | null)[] = [
  ...['subscriptions.cancel', 'subscriptions.cancel', 'subscriptions.get', 'subscriptions.get', 'subscriptions.list'],
  ...['subscriptions.update', 'subscriptions.update', 'checkouts.create', 'checkouts.get', 'customers.create'],
  ...['payments.list', 'orders.list', null],
];

/** What is asked of the old provider and of the new ones while customers are led from one to the other. */
export const migrationWeather: Weather = {
  leastFaults: 3,
  places: ['fungies', 'fungies', 'fungies', 'polar', 'polar', 'stripe', null],
  kinds: [
    kindOfCall('timeout_after_work', operations),
    kindOfCall('timeout_after_work', ['subscriptions.cancel']),
    kindOfCall('timeout_after_work', ['subscriptions.update', 'checkouts.create']),
    kindOfCall('timeout_before_work', operations),
    kindOfCall('reset', operations),
    kindOfCall('status', operations, { status: 500 }),
    kindOfCall('status', operations, { status: 503, rate: 1 }),
    kindOfCall('rate_limited', operations, { retry_after_s: 1 }),
    kindOfCall('malformed', operations),
    kindOfCall('malformed', ['subscriptions.cancel', 'subscriptions.update']),
    (random) => ({ ...kindOfCall('latency', operations)(random), latency_ms: Math.round(100 + random() * 1_500) }),
    ...webhookKinds,
  ],
};

const windowMs = 8_000;
const everyMs = 30_000;

/**
 * What a run is for is in every one, however short: the call that nobody can take back is done and its answer lost, and
 * so is the one that moves a first charge.
 */
export function lostCancels(lengthMs: number, seed: number): readonly FaultPhase[] {
  const windows = Math.max(1, Math.floor(lengthMs / everyMs));
  return Array.from({ length: windows }, (_, window) => window * everyMs + everyMs / 2).flatMap((fromMs) => {
    const toMs = Math.min(lengthMs, fromMs + windowMs);
    const lost = { kind: 'timeout_after_work', rate: 0.4, seed };
    return [
      { fromMs, toMs, fault: { ...lost, provider: 'fungies', operation: 'subscriptions.cancel' } },
      { fromMs, toMs, fault: { ...lost, provider: 'polar', operation: 'subscriptions.update' } },
    ];
  });
}
