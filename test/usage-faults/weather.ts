import { kindOfCall, webhookKinds, type FaultPhase, type Weather } from '../faults/storms.ts';

const operations: readonly (string | null)[] = [
  ...['events.ingest', 'events.ingest', 'events.ingest', 'meter_events.create', 'meter_events.create'],
  ...['meter_event_adjustments.create', 'meters.create', 'meters.list', 'meters.quantities', 'meters.event_summaries'],
  null,
];

/** What is told of usage, and asked about it: mostly by the two providers that can count. */
export const usageWeather: Weather = {
  // A report makes few calls: a fault must be there when it does.
  leastFaults: 3,
  places: ['polar', 'polar', 'stripe', 'stripe', null],
  kinds: [
    kindOfCall('timeout_after_work', operations),
    kindOfCall('timeout_after_work', ['events.ingest']),
    kindOfCall('timeout_after_work', ['meter_events.create']),
    kindOfCall('timeout_before_work', operations),
    kindOfCall('reset', operations),
    kindOfCall('status', operations, { status: 500 }),
    kindOfCall('status', operations, { status: 503, rate: 1 }),
    kindOfCall('rate_limited', operations, { retry_after_s: 1 }),
    kindOfCall('rate_limited', ['events.ingest', 'meter_events.create'], { retry_after_s: 1, rate: 1 }),
    kindOfCall('malformed', operations),
    (random) => ({ ...kindOfCall('latency', operations)(random), latency_ms: Math.round(100 + random() * 1_500) }),
    ...webhookKinds,
  ],
};

const windowMs = 10_000;
const everyMs = 30_000;

/**
 * What a run is for is in every one, however short: for a while, again and again, work is done and its answer is lost.
 * Not all the time: repeats wait longer and longer, and a report that never ends proves little.
 */
export function lostAnswers(lengthMs: number, seed: number): readonly FaultPhase[] {
  const windows = Math.max(1, Math.floor(lengthMs / everyMs));
  return Array.from({ length: windows }, (_, window) => window * everyMs + everyMs / 5).flatMap((fromMs) => {
    const toMs = Math.min(lengthMs, fromMs + windowMs);
    const lost = { kind: 'timeout_after_work', seed };
    return [
      { fromMs, toMs, fault: { ...lost, provider: 'polar', operation: 'events.ingest', rate: 0.5 } },
      { fromMs, toMs, fault: { ...lost, provider: 'stripe', operation: 'meter_events.create', rate: 0.1 } },
    ];
  });
}
