import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import { matches } from './metering.ts';
import type { Customer, UsageEvent } from './objects.ts';
import { touchSubscription } from './subscription-object.ts';
import { organizationId, parse } from './validation.ts';

const ingestBody = z.object({
  events: z.array(
    z.object({
      name: z.string().min(1).max(128),
      customer_id: z.uuid().nullish(),
      external_customer_id: z.string().nullish(),
      member_id: z.uuid().nullish(),
      external_member_id: z.string().nullish(),
      timestamp: z.iso.datetime({ offset: true }).nullish(),
      external_id: z.string().nullish(),
      parent_id: z.string().nullish(),
      metadata: z.record(z.string(), z.unknown()).nullish(),
      organization_id: organizationId,
    }),
  ),
});

type Ingest = z.output<typeof ingestBody>;

const CLOCK_SKEW_MS = 60_000;

/** One bad event refuses the whole batch. */
function check(polar: PolarContext, { events }: Ingest): void {
  const latestMs = Math.max(polar.sandbox.clock.nowMs(), Date.now()) + CLOCK_SKEW_MS;
  events.forEach((event, at) => {
    if (event.customer_id == null && event.external_customer_id == null)
      throw refuse(['body', 'events', at, 'external_customer_id'], 'Field required', event, 'missing');
    if (event.customer_id != null && polar.customers.get(event.customer_id) === undefined)
      throw refuse(['body', 'events', at, 'customer_id'], 'Customer not found.', event.customer_id);
    if (event.timestamp != null && Date.parse(event.timestamp) > latestMs)
      throw refuse(['body', 'events', at, 'timestamp'], 'Timestamp must be in the past.', event.timestamp);
  });
}

function customerOf(polar: PolarContext, event: UsageEvent): Customer | undefined {
  if (event.customer_id !== null) return polar.customers.get(event.customer_id);
  return polar.customers.findBy('externalId', event.external_customer_id ?? '')[0];
}

/** Each meter update of a subscription tells of itself, once per batch. */
function tellMeters(polar: PolarContext, added: readonly UsageEvent[]): void {
  const customers = new Map<string, UsageEvent[]>();
  for (const event of added) {
    const customer = customerOf(polar, event);
    if (!customer) continue;
    customers.set(customer.id, [...(customers.get(customer.id) ?? []), event]);
    if (customer['first_user_event_at'] === null) {
      customer['first_user_event_at'] = event.timestamp;
      polar.customers.put(customer);
    }
  }
  for (const [id, events] of customers) {
    for (const subscription of polar.subscriptions.findBy('customer', id)) {
      const isMetered = subscription.prices.some((price) => {
        const meter = price.meter_id === undefined ? undefined : polar.meters.get(price.meter_id);
        return meter !== undefined && events.some((event) => matches(meter.filter, event));
      });
      if (isMetered && subscription.status !== 'canceled') touchSubscription(polar, subscription, 'updated');
    }
  }
}

function ingest(polar: PolarContext, body: Ingest): { inserted: number; duplicates: number } {
  check(polar, body);
  const added: UsageEvent[] = [];
  for (const event of body.events) {
    // An external id counts once, for ever.
    if (event.external_id != null && polar.usage.findBy('externalId', event.external_id).length > 0) continue;
    const parent = event.parent_id == null ? undefined : polar.usage.findBy('externalId', event.parent_id)[0];
    added.push(
      polar.usage.put({
        id: uuid(),
        created_at: polar.now(),
        modified_at: null,
        name: event.name,
        source: 'user',
        timestamp: new Date(event.timestamp ?? polar.now()).toISOString(),
        received_ms: polar.sandbox.clock.nowMs(),
        customer_id: event.customer_id ?? null,
        external_customer_id: event.external_customer_id ?? null,
        external_id: event.external_id ?? null,
        parent_id: parent?.id ?? null,
        label: event.name,
        metadata: event.metadata ?? {},
      }),
    );
  }
  tellMeters(polar, added);
  return { inserted: added.length, duplicates: body.events.length - added.length };
}

function shown(polar: PolarContext, event: UsageEvent): object {
  const customer = customerOf(polar, event) ?? null;
  const { id, timestamp, parent_id, label, name, source, metadata } = event;
  return {
    id,
    timestamp,
    organization_id: polar.organizationId(),
    customer_id: customer?.id ?? null,
    customer,
    external_customer_id: event.external_customer_id ?? customer?.external_id ?? null,
    member_id: null,
    external_member_id: null,
    child_count: polar.usage.findBy('parent', id).length,
    parent_id,
    label,
    name,
    source,
    metadata,
    ...(event.external_id === null ? {} : { external_id: event.external_id }),
  };
}

function isWanted(polar: PolarContext, request: ApiRequest, event: UsageEvent): boolean {
  const from = request.query.get('start_timestamp');
  const to = request.query.get('end_timestamp');
  const meterId = request.query.get('meter_id');
  const meter = meterId === null ? undefined : polar.meters.get(meterId);
  const query = request.query.get('query')?.toLowerCase() ?? '';
  const customer = customerOf(polar, event);
  return (
    oneOf(request, 'name', event.name) &&
    oneOf(request, 'source', event.source) &&
    oneOf(request, 'customer_id', customer?.id) &&
    oneOf(request, 'external_customer_id', event.external_customer_id ?? customer?.external_id) &&
    oneOf(request, 'parent_id', event.parent_id) &&
    (meterId === null || (meter !== undefined && matches(meter.filter, event))) &&
    (from === null || Date.parse(event.timestamp) >= Date.parse(from)) &&
    (to === null || Date.parse(event.timestamp) <= Date.parse(to)) &&
    event.name.toLowerCase().includes(query)
  );
}

interface NameRow {
  name: string;
  label: string;
  source: string;
  occurrences: number;
  first_seen: string;
  last_seen: string;
  created_at: string;
}

function namesOf(polar: PolarContext, request: ApiRequest): NameRow[] {
  const rows = new Map<string, NameRow>();
  for (const event of polar.usage.all()) {
    if (!isWanted(polar, request, event)) continue;
    const { name, label, source, timestamp } = event;
    const row = rows.get(`${source}:${name}`) ?? {
      ...{ name, label, source, occurrences: 0, first_seen: timestamp, last_seen: timestamp },
      created_at: timestamp,
    };
    row.occurrences += 1;
    if (timestamp < row.first_seen) row.first_seen = timestamp;
    if (timestamp > row.last_seen) row.last_seen = timestamp;
    rows.set(`${source}:${name}`, row);
  }
  return [...rows.values()].sort((left, right) => right.last_seen.localeCompare(left.last_seen));
}

export function eventRoutes(polar: PolarContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/events/ingest',
      operations: ['events.ingest'],
      handle: (request) => ({ status: 200, body: ingest(polar, parse(ingestBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/events/',
      operations: ['events.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          polar.usage.newestFirst(),
          (event) => isWanted(polar, request, event),
          (event) => shown(polar, event),
        ),
      }),
    },
    {
      method: 'get',
      path: '/v1/events/names',
      operations: ['events.names'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          namesOf(polar, request),
          () => true,
          ({ created_at: _at, ...row }) => row,
        ),
      }),
    },
    {
      method: 'get',
      path: '/v1/events/:id',
      operations: ['events.get'],
      handle(request) {
        const event = polar.usage.get(request.params['id'] ?? '');
        if (!event) throw notFound();
        return { status: 200, body: shown(polar, event) };
      },
    },
  ];
}
