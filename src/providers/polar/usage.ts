import { notSupported } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { MeterInput, MeterTruth, UsageBatchResult, UsageEventInput, UsageOperations } from '../port-catalog.ts';
import { PolarValidationError } from './errors.ts';
import { nameOf } from './catalog.ts';
import { MAX_PAGE, mapPage, readPage } from './paging.ts';
import { batchesOf, plainDecimal, usageEvent, type SizedEvent } from './usage-events.ts';
import { polarIngested, polarMeter, polarQuantities, type PolarMeter } from './wire-usage.ts';
import { pageOf } from './wire.ts';

/** Polar counts no limit, only bytes; this keeps one call short. */
const MAX_BATCH = 1_000;

const DAY_MS = 86_400_000;

export function createPolarUsage(api: JsonApi): UsageOperations {
  return {
    limits: {
      ...{ maxBatch: MAX_BATCH, maxAgeMs: null, aggregations: ['sum', 'count', 'max', 'unique'] },
      ...{ billedBy: 'receipt', corrections: 'negative', remembersMs: null },
    },
    ingest: (events) => ingest(api, events),
    async ensureMeter(input) {
      const body = meterBody(input);
      const found = await findMeter(api, input.meterId);
      if (found) return mapMeter(found);
      const created = await api.call({
        operation: 'meters.create',
        method: 'POST',
        path: '/v1/meters/',
        body,
        reply: polarMeter,
      });
      return mapMeter(created);
    },
    async listMeters(query) {
      const page = await readPage(
        api,
        { operation: 'meters.list', path: '/v1/meters/', query: { sorting: '-created_at' }, item: polarMeter },
        query,
      );
      return mapPage(page, mapMeter);
    },
    async quantity({ providerMeterId, providerCustomerId, from, to }) {
      const counted = await api.call({
        operation: 'meters.quantities',
        method: 'GET',
        path: `/v1/meters/${encodeURIComponent(providerMeterId)}/quantities`,
        query: {
          start_timestamp: from,
          end_timestamp: to,
          // Only the total is read; the finer step makes the edges of a short period sharp.
          interval: Date.parse(to) - Date.parse(from) <= 7 * DAY_MS ? 'hour' : 'day',
          customer_id: providerCustomerId,
        },
        reply: polarQuantities,
      });
      return plainDecimal(counted.total);
    },
  };
}

/** Sends everything, batch after batch. An unknown outcome ends it: the same call again counts nothing twice. */
async function ingest(api: JsonApi, events: readonly UsageEventInput[]): Promise<UsageBatchResult> {
  const sized = events.map((event) => ({ event, body: usageEvent(event) }));
  const inexact = sized.flatMap(({ event, body }) =>
    body === null ? [{ eventId: event.eventId, code: 'quantity_not_exact' }] : [],
  );
  const results: UsageBatchResult[] = [{ accepted: 0, duplicates: 0, rejected: inexact }];
  for (const batch of batchesOf(sized.flatMap(({ body }) => body ?? []))) results.push(await send(api, batch));
  return {
    accepted: results.reduce((sum, { accepted }) => sum + accepted, 0),
    duplicates: results.reduce((sum, { duplicates }) => sum + duplicates, 0),
    rejected: results.flatMap(({ rejected }) => rejected),
  };
}

/** Polar takes a batch as a whole or not at all: what it names as faulty is left out, and the others are sent again. */
async function send(api: JsonApi, batch: readonly SizedEvent[]): Promise<UsageBatchResult> {
  if (batch.length === 0) return { accepted: 0, duplicates: 0, rejected: [] };
  try {
    const { inserted, duplicates } = await api.call({
      operation: 'events.ingest',
      method: 'POST',
      path: '/v1/events/ingest',
      body: { events: batch.map(({ body }) => body) },
      reply: polarIngested,
    });
    return { accepted: inserted, duplicates, rejected: [] };
  } catch (error) {
    const faulty = faultyOf(error, batch);
    if (faulty.size === 0) throw error;
    const rest = await send(
      api,
      batch.filter(({ eventId }) => !faulty.has(eventId)),
    );
    return { ...rest, rejected: [...[...faulty].map(([eventId, code]) => ({ eventId, code })), ...rest.rejected] };
  }
}

/** By event id, from places such as `['body', 'events', 3, 'customer_id']`. */
function faultyOf(error: unknown, batch: readonly SizedEvent[]): ReadonlyMap<string, string> {
  if (!(error instanceof PolarValidationError)) return new Map();
  const named = error.faultsByLocation.flatMap(({ location, code }) => {
    const index = location[location.indexOf('events') + 1];
    const event = typeof index === 'number' ? batch[index] : undefined;
    if (!event) return [];
    return [[event.eventId, location.includes('customer_id') ? 'customer_unknown' : code] as const];
  });
  return new Map(named);
}

async function findMeter(api: JsonApi, meterId: string): Promise<PolarMeter | null> {
  const page = await api.call({
    operation: 'meters.list',
    method: 'GET',
    path: '/v1/meters/',
    query: { 'metadata[meter_id]': meterId, is_archived: false, limit: MAX_PAGE },
    reply: pageOf(polarMeter),
  });
  return page.items.find((meter) => meter.metadata.meter_id === meterId && meter.archived_at == null) ?? null;
}

/** @throws {BillingError} `not_supported_by_provider`: there is no "last". */
function meterBody(input: MeterInput): Record<string, unknown> {
  if (input.aggregation === 'last') throw notSupported('polar', 'count the last value of a period');
  return {
    name: nameOf(input.name, 'meter'),
    filter: {
      conjunction: 'and',
      clauses: [{ property: 'name', operator: 'eq', value: input.eventName }],
    },
    aggregation:
      input.aggregation === 'count' ? { func: 'count' } : { func: input.aggregation, property: input.property },
    metadata: { meter_id: input.meterId },
  };
}

function mapMeter(meter: PolarMeter): MeterTruth {
  const byName = meter.filter?.clauses.find(({ property, operator }) => property === 'name' && operator === 'eq');
  return {
    providerMeterId: meter.id,
    name: meter.name,
    eventName: typeof byName?.value === 'string' ? byName.value : null,
    isActive: meter.archived_at == null,
  };
}
