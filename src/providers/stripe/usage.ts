import Stripe from 'stripe';
import { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import { isOwnBudget, notSupported } from '../failures.ts';
import type { MeterInput, MeterTruth, UsageBatchResult, UsageEventInput, UsageOperations } from '../port-catalog.ts';
import { unixFromIso } from '../wire-time.ts';
import type { StripeApi } from './client.ts';
import { everyItem, pageOf, pageParams } from './page.ts';
import { listOf } from './wire.ts';

const meter = z.object({
  id: z.string(),
  display_name: z.string(),
  event_name: z.string(),
  status: z.string(),
  default_aggregation: z.object({ formula: z.string() }),
});
const meterEvent = z.object({ identifier: z.string() });
/** A thin event with its data, which the message itself leaves out. It samples what it is about, no more. */
const errorReport = z.object({
  data: z.object({
    reason: z.object({
      error_types: z.array(
        z.object({
          code: z.string(),
          sample_errors: z.array(z.object({ request: z.object({ identifier: z.string() }) })),
        }),
      ),
    }),
  }),
});
const eventSummary = z.object({ id: z.string(), aggregated_value: z.number() });

const AGGREGATIONS = ['sum', 'count', 'last'] as const;
const DAY_MS = 86_400_000;
/** Streams side by side; each has one call under way. */
const CONCURRENCY = 5;
const MINUTE_S = 60;

/** By v1 meter events: the v2 stream is live only, and v2 keys do not work with classic test mode. */
export function createStripeUsage(
  api: StripeApi,
): UsageOperations & Required<Pick<UsageOperations, 'cancel' | 'refusals'>> {
  return {
    limits: {
      ...{ maxBatch: 100, maxAgeMs: 35 * DAY_MS, aggregations: AGGREGATIONS },
      ...{ billedBy: 'timestamp', corrections: 'cancel', remembersMs: DAY_MS },
    },
    ingest: (events) => ingest(api, events),
    refusals: (noticeId) => refusals(api, noticeId),
    /** Within 24 hours of receipt. */
    async cancel({ eventId, eventName, idempotencyKey }) {
      try {
        await api.call({
          operation: 'usage.cancel',
          reply: z.unknown(),
          budget: api.budget(),
          key: `${idempotencyKey}:adjustment`,
          isRepeatable: true,
          send: (stripe, options) =>
            stripe.billing.meterEventAdjustments.create(
              { type: 'cancel', event_name: eventName, cancel: { identifier: eventId } },
              options,
            ),
        });
        return 'canceled';
      } catch (error) {
        if (says(error, /24 hours|too (old|late|far)|window/i)) return 'too_late';
        throw error;
      }
    },
    ensureMeter: (input) => ensureMeter(api, input),
    async listMeters(query) {
      const found = await api.call({
        operation: 'meters.list',
        reply: listOf(meter),
        budget: api.budget(),
        send: (stripe, options) => stripe.billing.meters.list(pageParams(query), options),
      });
      return pageOf(found, mapMeter);
    },
    async quantity({ providerMeterId, providerCustomerId, from, to }) {
      const summary = await api.call({
        operation: 'meters.summaries',
        reply: listOf(eventSummary),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.billing.meters.listEventSummaries(
            providerMeterId,
            {
              customer: providerCustomerId,
              // Whole minutes only.
              start_time: Math.floor(unixFromIso(from) / MINUTE_S) * MINUTE_S,
              end_time: Math.ceil(Date.parse(to) / 1000 / MINUTE_S) * MINUTE_S,
            },
            options,
          ),
      });
      // Without a grouping window there is one summary at most.
      return decimalOf(summary.data[0]?.aggregated_value ?? 0);
    },
  };
}

/**
 * One call at a time per customer and meter, which is what v1 allows. The first unclear answer ends the batch: nothing
 * is sent after it, and what was counted before it is a duplicate in the repeat. Used-up calls end it too, but what was
 * told until then is told for good: a large batch would else never come to its end.
 */
async function ingest(api: StripeApi, events: readonly UsageEventInput[]): Promise<UsageBatchResult> {
  const streams = [...Map.groupBy(events, (event) => `${event.providerCustomerId} ${event.eventName}`).values()];
  const rejected: UsageBatchResult['rejected'][number][] = [];
  const result = { accepted: 0, duplicates: 0, rejected };
  const unsent = new Set(events.map(({ eventId }) => eventId));
  const stop: { by: Error | null } = { by: null };
  async function work(): Promise<void> {
    for (let stream = streams.shift(); stream; stream = streams.shift()) {
      for (const event of stream) {
        if (stop.by !== null) return;
        const outcome = await report(api, event).catch((error: unknown) => {
          // An unclear answer says more than one that was not waited for.
          if (stop.by === null || isBudget(stop.by))
            stop.by = error instanceof Error ? error : new Error(String(error));
          return null;
        });
        if (outcome === null) return;
        unsent.delete(event.eventId);
        if (typeof outcome === 'object') rejected.push(outcome);
        else result[outcome] += 1;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, streams.length) }, work));
  if (stop.by === null) return result;
  if (!isBudget(stop.by) || unsent.size === events.length) throw stop.by;
  const retryAfterMs = isOwnBudget(stop.by) ? null : stop.by.retryAfterMs;
  return { ...result, unsent: { eventIds: [...unsent], retryAfterMs } };
}

function isBudget(error: unknown): error is BillingError {
  return error instanceof BillingError && error.kind === 'rate_limited';
}

async function refusals(api: StripeApi, noticeId: string) {
  const { data } = await api.call({
    operation: 'usage.refusals',
    reply: errorReport,
    budget: api.budget(),
    send: (stripe, options) => stripe.v2.core.events.retrieve(noticeId, {}, options),
  });
  return data.reason.error_types.flatMap(({ code, sample_errors: samples }) =>
    samples.map(({ request }) => ({ eventId: request.identifier, code })),
  );
}

/**
 * The identifier makes it count once, for 24 hours at least. The idempotency key is the SDK's own, new for each call:
 * a lasting one would replay a stored 500 for a day instead of letting the repeat through.
 */
async function report(
  api: StripeApi,
  event: UsageEventInput,
): Promise<'accepted' | 'duplicates' | { readonly eventId: string; readonly code: string }> {
  const properties = Object.entries(event.properties).map(([name, value]) => [name, String(value)] as const);
  try {
    await api.call({
      operation: 'usage.ingest',
      reply: meterEvent,
      budget: api.budget(),
      send: (stripe, options) =>
        stripe.billing.meterEvents.create(
          {
            event_name: event.eventName,
            identifier: event.eventId,
            timestamp: unixFromIso(event.timestamp),
            payload: {
              ...Object.fromEntries(properties),
              stripe_customer_id: event.providerCustomerId,
              value: event.quantity,
            },
          },
          options,
        ),
    });
    return 'accepted';
  } catch (error) {
    // No code is documented for it; the sentence is (reference: "An event already exists with identifier …").
    if (says(error, /already exists with identifier/i)) return 'duplicates';
    if (!(error instanceof BillingError) || error.kind !== 'invalid') throw error;
    const code = error.details.provider_code;
    return { eventId: event.eventId, code: typeof code === 'string' ? code : error.code };
  }
}

function says(error: unknown, sentence: RegExp): boolean {
  const cause = error instanceof BillingError && error.kind === 'invalid' ? error.cause : null;
  return cause instanceof Stripe.errors.StripeError && sentence.test(cause.message);
}

/** An event name has one active meter, and of a meter only the display name can be edited. */
async function ensureMeter(api: StripeApi, input: MeterInput): Promise<MeterTruth> {
  const formula = AGGREGATIONS.find((candidate) => candidate === input.aggregation);
  if (formula === undefined) throw notSupported('stripe', `aggregate by ${input.aggregation}`);
  const budget = api.budget();
  const meters = await everyItem(api, {
    operation: 'meters.list',
    reply: listOf(meter),
    budget,
    send: (stripe, page, options) => stripe.billing.meters.list({ status: 'active', ...page }, options),
  });
  const existing = meters.find(({ event_name: eventName }) => eventName === input.eventName);
  if (existing?.default_aggregation.formula === formula) return mapMeter(existing);
  if (existing) {
    throw new BillingError({
      code: 'meter_conflict',
      kind: 'conflict',
      message: 'The provider counts these events by another formula: archive that meter, or use another event name.',
      details: { provider: 'stripe' },
    });
  }
  const created = await api.call({
    operation: 'meters.create',
    reply: meter,
    budget,
    key: `${input.idempotencyKey}:meter`,
    isRepeatable: true,
    send: (stripe, options) =>
      stripe.billing.meters.create(
        {
          display_name: input.name,
          event_name: input.eventName,
          default_aggregation: { formula },
          customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
          value_settings: { event_payload_key: input.property === 'quantity' ? 'value' : input.property },
        },
        options,
      ),
  });
  return mapMeter(created);
}

function mapMeter(found: z.output<typeof meter>): MeterTruth {
  return {
    providerMeterId: found.id,
    name: found.display_name,
    eventName: found.event_name,
    isActive: found.status === 'active',
  };
}

/** Without an exponent; 15 significant digits are what a double keeps. */
export function decimalOf(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  return value.toFixed(12).replace(/0+$/, '').replace(/\.$/, '');
}
