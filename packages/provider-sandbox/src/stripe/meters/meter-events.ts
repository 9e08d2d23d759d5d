import { z } from 'zod';
import { uuid } from '../../core/ids.ts';
import { type Route, readJson } from '../../http/answer.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import type { Meter } from '../objects.ts';
import { expand, formOf, integer, parse, text } from '../params.ts';

const DAY_S = 86_400;
const PAST_S = 35 * DAY_S;
const AHEAD_S = 300;
const UNIQUE_MS = DAY_S * 1000;

const payload = z.record(z.string().max(100), z.string().max(100));
const v1Params = z.strictObject({
  event_name: text.max(100),
  expand,
  identifier: text.min(1).max(100).optional(),
  payload,
  timestamp: integer.optional(),
});
const v2Params = z.strictObject({
  event_name: z.string().max(100),
  identifier: z.string().min(1).max(100).optional(),
  payload,
  timestamp: z.iso.datetime({ offset: true }).optional(),
});
const adjustmentParams = z.strictObject({
  cancel: z.strictObject({ identifier: text }).optional(),
  event_name: text,
  expand,
  type: z.literal('cancel'),
});

interface MeterEvent {
  event_name: string;
  identifier: string;
  payload: Record<string, string>;
  /** Unix seconds. */
  timestamp: number;
}

const MESSAGES: Readonly<Record<string, string>> = {
  archived_meter: 'The meter for this event is archived.',
  meter_event_customer_not_found: 'The customer in the payload was not found.',
  meter_event_no_customer_defined: 'The payload names no customer.',
  meter_event_invalid_value: 'The value in the payload is no number.',
  meter_event_value_too_many_digits: 'The value in the payload has more than 15 digits.',
  timestamp_too_far_in_past: 'The timestamp is more than 35 days in the past.',
  timestamp_in_future: 'The timestamp is more than 5 minutes in the future.',
};

/** What is wrong with an event that was received; null when it counts. */
function faultOf(stripe: StripeContext, meter: Meter, event: MeterEvent): string | null {
  const customer = event.payload[meter.customer_mapping.event_payload_key];
  const value = event.payload[meter.value_settings.event_payload_key];
  if (meter.status === 'inactive') return 'archived_meter';
  if (customer === undefined || customer === '') return 'meter_event_no_customer_defined';
  const known = stripe.customers.get(customer);
  if (!known || known.deleted) return 'meter_event_customer_not_found';
  if (meter.default_aggregation.formula !== 'count') {
    if (value === undefined || !/^-?\d+(\.\d+)?$/.test(value)) return 'meter_event_invalid_value';
    if (value.replaceAll(/\D/g, '').length > 15) return 'meter_event_value_too_many_digits';
  }
  return null;
}

/** Failures after the receipt are told in thin events only, never in the answer. */
function report(stripe: StripeContext, meter: Meter | null, code: string, event: MeterEvent): void {
  const now = stripe.sandbox.clock.nowIso();
  const error = {
    code,
    error_count: 1,
    sample_errors: [
      {
        error_message: MESSAGES[code] ?? 'No meter found for this event name.',
        request: { identifier: event.identifier },
      },
    ],
  };
  const data = {
    developer_message_summary: `There is 1 invalid event`,
    reason: { error_count: 1, error_types: [error] },
    validation_end: now,
    validation_start: now,
  };
  if (!meter) return stripe.emitThin('v1.billing.meter.no_meter_found', null, data);
  const related = { id: meter.id, type: 'billing.meter', url: `/v1/billing/meters/${meter.id}` };
  stripe.emitThin('v1.billing.meter.error_report_triggered', related, data);
}

/** Identifiers are unique for 24 hours after receipt, whatever the idempotency key. */
function checkUnique(stripe: StripeContext, identifier: string): void {
  const earlier = stripe.usage.get(identifier);
  if (!earlier || earlier.receivedMs + UNIQUE_MS <= stripe.sandbox.clock.nowMs()) return;
  throw invalid(`An event already exists with identifier ${identifier}.`, { param: 'identifier' });
}

function checkTime(stripe: StripeContext, timestamp: number): void {
  const now = stripe.now();
  if (timestamp < now - PAST_S) {
    throw invalid('The timestamp must be within the past 35 calendar days.', {
      code: 'timestamp_too_far_in_past',
      param: 'timestamp',
    });
  }
  if (timestamp <= now + AHEAD_S) return;
  throw invalid('The timestamp must not be more than 5 minutes in the future.', {
    code: 'timestamp_in_future',
    param: 'timestamp',
  });
}

function receive(stripe: StripeContext, event: MeterEvent): void {
  checkUnique(stripe, event.identifier);
  checkTime(stripe, event.timestamp);
  const named = stripe.meters.findBy('eventName', event.event_name);
  const meter = named.find(({ status }) => status === 'active') ?? named.at(-1) ?? null;
  const fault = meter ? faultOf(stripe, meter, event) : 'no_meter';
  // Kept even when it does not count: its identifier is spent.
  stripe.usage.put({
    id: event.identifier,
    meter: fault === null && meter ? meter.id : '',
    customer: event.payload[meter?.customer_mapping.event_payload_key ?? ''] ?? '',
    value: Number(event.payload[meter?.value_settings.event_payload_key ?? ''] ?? 0),
    atS: event.timestamp,
    receivedMs: stripe.sandbox.clock.nowMs(),
    isCanceled: false,
  });
  if (fault !== null) report(stripe, meter, fault, event);
}

function cancel(stripe: StripeContext, params: z.output<typeof adjustmentParams>): object {
  const identifier = params.cancel?.identifier;
  if (identifier === undefined) {
    throw invalid('Missing required param: cancel[identifier].', {
      code: 'parameter_missing',
      param: 'cancel[identifier]',
    });
  }
  const entry = stripe.usage.get(identifier);
  if (!entry) throw noSuch('meter event', identifier, 'cancel[identifier]', 400);
  if (entry.receivedMs + UNIQUE_MS <= stripe.sandbox.clock.nowMs()) {
    throw invalid('Meter events can be canceled within 24 hours of their receipt only.', {
      param: 'cancel[identifier]',
    });
  }
  stripe.usage.put({ ...entry, isCanceled: true });
  return {
    object: 'billing.meter_event_adjustment',
    cancel: { identifier },
    event_name: params.event_name,
    livemode: false,
    status: 'pending',
    type: 'cancel',
  };
}

function readV2(body: Buffer): unknown {
  try {
    return readJson(body);
  } catch {
    throw invalid('Invalid JSON in the request body.', { code: 'invalid_json' });
  }
}

export function meterEventRoutes(stripe: StripeContext): Route[] {
  const operations = ['meter_events.create'];
  return [
    {
      method: 'post',
      path: '/v1/billing/meter_events',
      operations,
      handle(request) {
        const params = parse(v1Params, formOf(request));
        const { event_name, payload: sent } = params;
        const event = {
          event_name,
          payload: sent,
          identifier: params.identifier ?? uuid(),
          timestamp: params.timestamp ?? stripe.now(),
        };
        receive(stripe, event);
        return {
          status: 200,
          body: { object: 'billing.meter_event', created: stripe.now(), livemode: false, ...event },
        };
      },
    },
    {
      method: 'post',
      path: '/v2/billing/meter_events',
      operations,
      handle(request) {
        const params = parse(v2Params, readV2(request.rawBody));
        const { event_name, payload: sent } = params;
        const timestamp = params.timestamp ?? stripe.sandbox.clock.nowIso();
        const identifier = params.identifier ?? uuid();
        receive(stripe, { event_name, payload: sent, identifier, timestamp: Math.floor(Date.parse(timestamp) / 1000) });
        const created = stripe.sandbox.clock.nowIso();
        return {
          status: 200,
          body: {
            object: 'v2.billing.meter_event',
            created,
            livemode: false,
            event_name,
            identifier,
            payload: sent,
            timestamp,
          },
        };
      },
    },
    {
      method: 'post',
      path: '/v1/billing/meter_event_adjustments',
      operations: ['meter_event_adjustments.create'],
      handle: (request) => ({ status: 200, body: cancel(stripe, parse(adjustmentParams, formOf(request))) }),
    },
  ];
}
