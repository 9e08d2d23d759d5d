import { z } from 'zod';
import { addInterval, type Interval } from '../core/duration.ts';
import { uuid } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { notFound, PolarFailure } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import { aggregate, customerMetersOf, matches, standingOf } from './metering.ts';
import type { CustomerMeter, Filter, Meter, UsageEvent } from './objects.ts';
import { metadata, organizationId, parse } from './validation.ts';

const clause = z.object({
  property: z.string(),
  operator: z.enum(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'like', 'not_like']),
  value: z.union([z.string().max(1000), z.number(), z.boolean()]),
});
const filter: z.ZodType<Filter> = z.object({
  conjunction: z.enum(['and', 'or']),
  clauses: z.array(z.union([clause, z.lazy(() => filter)])),
});
const aggregation = z.discriminatedUnion('func', [
  z.object({ func: z.literal('count') }),
  z.object({ func: z.enum(['sum', 'max', 'min', 'avg']), property: z.string() }),
  z.object({ func: z.literal('unique'), property: z.string() }),
]);
const createBody = z.object({
  name: z.string().min(3),
  unit: z.enum(['scalar', 'token', 'custom']).default('scalar'),
  custom_label: z.string().nullish(),
  custom_multiplier: z.int().min(1).nullish(),
  filter,
  aggregation,
  metadata,
  organization_id: organizationId,
});
const updateBody = z.object({
  name: z.string().min(3).nullish(),
  unit: z.enum(['scalar', 'token', 'custom']).nullish(),
  custom_label: z.string().nullish(),
  custom_multiplier: z.int().min(1).nullish(),
  filter: filter.nullish(),
  aggregation: aggregation.nullish(),
  is_archived: z.boolean().nullish(),
  metadata,
});

function create(polar: PolarContext, body: z.output<typeof createBody>): Meter {
  return polar.meters.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    name: body.name,
    unit: body.unit,
    custom_label: body.custom_label ?? null,
    custom_multiplier: body.custom_multiplier ?? null,
    filter: body.filter,
    aggregation: body.aggregation,
    metadata: body.metadata ?? {},
    organization_id: polar.organizationId(),
    archived_at: null,
  });
}

function update(polar: PolarContext, meter: Meter, body: z.output<typeof updateBody>): Meter {
  if (body.name != null) meter.name = body.name;
  if (body.unit != null) meter.unit = body.unit;
  if (body.custom_label !== undefined) meter['custom_label'] = body.custom_label;
  if (body.custom_multiplier !== undefined) meter['custom_multiplier'] = body.custom_multiplier;
  if (body.filter != null) meter.filter = body.filter;
  if (body.aggregation != null) meter.aggregation = body.aggregation;
  if (body.metadata !== undefined) meter.metadata = body.metadata;
  if (body.is_archived != null) meter.archived_at = body.is_archived ? polar.now() : null;
  meter.modified_at = polar.now();
  return polar.meters.put(meter);
}

const MAX_BUCKETS = 1000;

function requiredQuery(request: ApiRequest, name: string, accepts: (text: string) => boolean): string {
  const text = request.query.get(name);
  if (text !== null && accepts(text)) return text;
  throw new PolarFailure(422, {
    error: 'RequestValidationError',
    detail: [
      text === null
        ? { type: 'missing', loc: ['query', name], msg: 'Field required', input: null }
        : { type: 'value_error', loc: ['query', name], msg: 'Input is not valid', input: text },
    ],
  });
}

/** Where an interval starts, in UTC; weeks on Monday. */
function startOf(interval: 'hour' | Interval, atMs: number): number {
  const date = new Date(atMs);
  date.setUTCMinutes(0, 0, 0);
  if (interval === 'hour') return date.getTime();
  date.setUTCHours(0);
  if (interval === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  if (interval === 'month' || interval === 'year') date.setUTCDate(1);
  if (interval === 'year') date.setUTCMonth(0);
  return date.getTime();
}

/** Usage per hour, day, week, month or year between two instants, UTC. */
function quantities(polar: PolarContext, meter: Meter, request: ApiRequest): object {
  const isTime = (text: string): boolean => Number.isFinite(Date.parse(text));
  const fromMs = Date.parse(requiredQuery(request, 'start_timestamp', isTime));
  const toMs = Date.parse(requiredQuery(request, 'end_timestamp', isTime));
  const names = ['hour', 'day', 'week', 'month', 'year'];
  const interval = requiredQuery(request, 'interval', (text) => names.includes(text)) as 'hour' | Interval;
  const isOurs = (event: UsageEvent): boolean => {
    const customer =
      event.customer_id === null
        ? polar.customers.findBy('externalId', event.external_customer_id ?? '')[0]
        : polar.customers.get(event.customer_id);
    return (
      event.source === 'user' &&
      matches(meter.filter, event) &&
      oneOf(request, 'customer_id', customer?.id) &&
      oneOf(request, 'external_customer_id', event.external_customer_id ?? customer?.external_id)
    );
  };
  const within = polar.usage.all().filter((event) => {
    const at = Date.parse(event.timestamp);
    return at >= fromMs && at <= toMs && isOurs(event);
  });
  const buckets: { timestamp: string; quantity: number }[] = [];
  for (let at = startOf(interval, fromMs); at <= toMs && buckets.length < MAX_BUCKETS;) {
    const next = interval === 'hour' ? at + 3_600_000 : addInterval(at, interval, 1);
    const start = at;
    const own = within.filter((event) => Date.parse(event.timestamp) >= start && Date.parse(event.timestamp) < next);
    buckets.push({ timestamp: new Date(at).toISOString(), quantity: aggregate(meter.aggregation, own) });
    at = next;
  }
  return { quantities: buckets, total: aggregate(meter.aggregation, within) };
}

function showCustomerMeter(polar: PolarContext, own: CustomerMeter): Record<string, unknown> {
  const { since_ms: _since, credited_units: _credited, ...stored } = own;
  return {
    ...stored,
    ...standingOf(polar, own),
    customer: polar.customers.get(own.customer_id) ?? null,
    meter: polar.meters.get(own.meter_id) ?? null,
  };
}

function customerMeterRoutes(polar: PolarContext): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/customer-meters/',
      operations: ['customer_meters.list'],
      handle(request) {
        for (const customer of polar.customers.all()) customerMetersOf(polar, customer);
        const keep = (own: CustomerMeter): boolean =>
          oneOf(request, 'customer_id', own.customer_id) &&
          oneOf(request, 'meter_id', own.meter_id) &&
          oneOf(request, 'external_customer_id', polar.customers.get(own.customer_id)?.external_id);
        return {
          status: 200,
          body: listPage(request, polar.customerMeters.newestFirst(), keep, (own) => showCustomerMeter(polar, own)),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/customer-meters/:id',
      operations: ['customer_meters.get'],
      handle(request) {
        const own = polar.customerMeters.get(request.params['id'] ?? '');
        if (!own) throw notFound();
        return { status: 200, body: showCustomerMeter(polar, own) };
      },
    },
  ];
}

export function meterRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.meters, notFound);
  const path = '/v1/meters/:id';
  return [
    {
      method: 'post',
      path: '/v1/meters/',
      operations: ['meters.create'],
      handle: (request) => ({ status: 201, body: create(polar, parse(createBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/meters/',
      operations: ['meters.list'],
      handle(request) {
        const query = request.query.get('query')?.toLowerCase() ?? '';
        const keep = (doc: Meter): boolean =>
          oneOf(request, 'is_archived', doc.archived_at !== null) && doc.name.toLowerCase().includes(query);
        return { status: 200, body: listPage(request, polar.meters.newestFirst(), keep, (doc) => doc) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['meters.get'],
      handle: (request) => ({ status: 200, body: found(request) }),
    },
    {
      method: 'patch',
      path,
      operations: ['meters.update'],
      handle: (request) => ({ status: 200, body: update(polar, found(request), parse(updateBody, request)) }),
    },
    {
      method: 'get',
      path: `${path}/quantities`,
      operations: ['meters.quantities'],
      handle: (request) => ({ status: 200, body: quantities(polar, found(request), request) }),
    },
    ...customerMeterRoutes(polar),
  ];
}
