import { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import type { Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import { listPage } from '../listing.ts';
import type { Meter } from '../objects.ts';
import { expand, formOf, integer, page, parse, text } from '../params.ts';
import { aggregate, usageIn } from './usage.ts';

const createParams = z.strictObject({
  customer_mapping: z.strictObject({ event_payload_key: text, type: z.literal('by_id') }).optional(),
  default_aggregation: z.strictObject({ formula: z.enum(['count', 'last', 'sum']) }),
  display_name: text.min(1).max(250),
  event_name: text.min(1).max(100),
  event_time_window: z.enum(['day', 'hour']).optional(),
  expand,
  value_settings: z.strictObject({ event_payload_key: text }).optional(),
});
const summaryParams = z.strictObject({
  ...page,
  customer: text,
  end_time: integer,
  start_time: integer,
  value_grouping_window: z.enum(['day', 'hour']).optional(),
});
const PATH = '/v1/billing/meters';
const WINDOW_S = { day: 86_400, hour: 3600 };

function create(stripe: StripeContext, params: z.output<typeof createParams>): Meter {
  if (stripe.meters.findBy('eventName', params.event_name).some((meter) => meter.status === 'active')) {
    throw invalid(`An active meter already exists with event name ${params.event_name}.`, { param: 'event_name' });
  }
  const meter: Meter = {
    id: `mtr_test_61${base62(38)}`,
    object: 'billing.meter',
    created: stripe.now(),
    customer_mapping: params.customer_mapping ?? { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    default_aggregation: params.default_aggregation,
    display_name: params.display_name,
    event_name: params.event_name,
    event_time_window: params.event_time_window ?? null,
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: stripe.now(),
    value_settings: params.value_settings ?? { event_payload_key: 'value' },
  };
  stripe.meters.put(meter);
  stripe.emit('billing.meter.created', meter);
  return meter;
}

function setStatus(stripe: StripeContext, meter: Meter, status: Meter['status']): Meter {
  meter.status = status;
  meter['status_transitions'] = { deactivated_at: status === 'inactive' ? stripe.now() : null };
  meter['updated'] = stripe.now();
  stripe.meters.put(meter);
  stripe.emit(status === 'inactive' ? 'billing.meter.deactivated' : 'billing.meter.reactivated', meter);
  return meter;
}

/** Whole minutes only; with a window, one summary per day or hour. */
function summaries(stripe: StripeContext, meter: Meter, params: z.output<typeof summaryParams>): { id: string }[] {
  const { start_time: start, end_time: end, customer } = params;
  for (const name of ['start_time', 'end_time'] as const) {
    if (params[name] % 60 === 0) continue;
    throw invalid(`\`${name}\` must align with minute boundaries.`, { param: name });
  }
  if (end <= start) throw invalid('`end_time` must be after `start_time`.', { param: 'end_time' });
  const step = params.value_grouping_window === undefined ? end - start : WINDOW_S[params.value_grouping_window];
  if (start % Math.min(step, 60) !== 0) throw invalid('Times must align with the window.', { param: 'start_time' });
  const found = [];
  for (let from = start; from < end; from += step) {
    const to = Math.min(end, from + step);
    const entries = usageIn(stripe, { meter: meter.id, customer, start: from, end: to });
    if (entries.length === 0 && params.value_grouping_window !== undefined) continue;
    found.push({
      id: `mtrsum_${meter.id.slice(-12)}_${customer}_${from}`,
      object: 'billing.meter_event_summary',
      aggregated_value: aggregate(meter.default_aggregation.formula, entries),
      end_time: to,
      livemode: false,
      meter: meter.id,
      start_time: from,
    });
  }
  return found.reverse();
}

export function meterRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.meters, (id) => noSuch('billing meter', id, 'id'));
  const toggle = (name: string, status: Meter['status']): Route => ({
    method: 'post',
    path: `${PATH}/:id/${name}`,
    operations: [`meters.${name}`],
    handle: (request) => ({ status: 200, body: setStatus(stripe, found(request), status) }),
  });
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['meters.create'],
      handle: (request) => ({ status: 200, body: create(stripe, parse(createParams, formOf(request))) }),
    },
    {
      method: 'get',
      path: PATH,
      operations: ['meters.list'],
      handle(request) {
        const params = parse(
          z.strictObject({ ...page, status: z.enum(['active', 'inactive']).optional() }),
          formOf(request),
        );
        const keep = (doc: Meter): boolean => params.status === undefined || doc.status === params.status;
        return { status: 200, body: listPage(stripe.meters.newestFirst(), PATH, params, keep) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['meters.get'],
      handle: (request) => ({ status: 200, body: found(request) }),
    },
    {
      method: 'post',
      path: `${PATH}/:id`,
      operations: ['meters.update'],
      handle(request) {
        const meter = found(request);
        const params = parse(z.strictObject({ display_name: text.optional(), expand }), formOf(request));
        meter.display_name = params.display_name ?? meter.display_name;
        meter['updated'] = stripe.now();
        stripe.meters.put(meter);
        stripe.emit('billing.meter.updated', meter, {});
        return { status: 200, body: meter };
      },
    },
    toggle('deactivate', 'inactive'),
    toggle('reactivate', 'active'),
    {
      method: 'get',
      path: `${PATH}/:id/event_summaries`,
      operations: ['meters.event_summaries'],
      handle(request) {
        const meter = found(request);
        const params = parse(summaryParams, formOf(request));
        return {
          status: 200,
          body: listPage(summaries(stripe, meter, params), `${PATH}/${meter.id}/event_summaries`, params),
        };
      },
    },
  ];
}
