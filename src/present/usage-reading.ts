import type { UsageAnswer, StoredEventAnswer } from '../api/schemas/usage-reading.ts';
import type { Meter } from '../db/entities/usage.ts';
import type { StoredEvent, UsageFigure } from '../db/queries/usage-series.ts';

/** One line of a reading: of a time, or of a property's value. Times in ms since 1970. */
export interface UsageLine extends UsageFigure {
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly propertyValue: string | null;
}

export interface UsageView {
  readonly organizationId: string;
  readonly meter: Meter;
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy: string;
  readonly total: UsageFigure;
  readonly lines: readonly UsageLine[];
}

export function presentUsage({ organizationId, meter, fromMs, toMs, groupBy, total, lines }: UsageView): UsageAnswer {
  return {
    organization_id: organizationId,
    meter: meter.key,
    aggregation: meter.aggregation,
    unit: meter.unit,
    from: toIso(fromMs),
    to: toIso(toMs),
    group_by: groupBy,
    total: total.value,
    events: total.events,
    data: lines.map(({ startMs, endMs, propertyValue, value, events }) => ({
      start: startMs === null ? null : toIso(startMs),
      end: endMs === null ? null : toIso(endMs),
      value_of_property: propertyValue,
      value,
      events,
    })),
  };
}

export function presentUsageEvent(event: StoredEvent): StoredEventAnswer {
  return {
    event_id: event.eventId,
    event_name: event.eventName,
    organization_id: event.organizationId,
    quantity: event.quantity,
    properties: event.properties && { ...event.properties },
    corrects: event.corrects,
    timestamp: toIso(event.occurredAtMs),
    received_at: toIso(event.receivedAtMs),
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
