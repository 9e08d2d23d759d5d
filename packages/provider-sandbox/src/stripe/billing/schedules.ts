import { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import { addInterval } from '../../core/duration.ts';
import type { ApiRequest, Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import { expanded } from '../expand.ts';
import { listPage } from '../listing.ts';
import type { SchedulePhase, Subscription, SubscriptionSchedule } from '../objects.ts';
import { expand, formOf, integer, mergeMetadata, metadata, opaque, page, parse, text } from '../params.ts';
import { releaseSchedule } from './schedule-phases.ts';
import { currentEnd, currentStart } from './subscription-object.ts';
import { discountsParam, prorationBehavior } from './subscription-params.ts';

const instant = z.union([z.literal('now'), integer]);
const phaseParam = z.strictObject({
  ...opaque(
    'add_invoice_items application_fee_percent automatic_tax billing_cycle_anchor billing_thresholds collection_method currency default_payment_method default_tax_rates description invoice_settings on_behalf_of transfer_data trial',
  ),
  discounts: discountsParam,
  duration: z
    .strictObject({ interval: z.enum(['day', 'week', 'month', 'year']), interval_count: integer.optional() })
    .optional(),
  end_date: instant.optional(),
  items: z
    .array(
      z.strictObject({
        ...opaque('billing_thresholds discounts tax_rates'),
        metadata: metadata.optional(),
        price: text,
        quantity: integer.optional(),
      }),
    )
    .min(1),
  metadata: metadata.optional(),
  proration_behavior: prorationBehavior,
  start_date: instant.optional(),
  trial_end: instant.optional(),
});
const endBehavior = z.enum(['cancel', 'none', 'release', 'renew']).optional();
const createParams = z.strictObject({ from_subscription: text, expand, metadata: metadata.optional() });
const updateParams = z.strictObject({
  ...opaque('default_settings'),
  end_behavior: endBehavior,
  expand,
  metadata: metadata.optional(),
  phases: z.array(phaseParam).min(1).optional(),
  proration_behavior: prorationBehavior,
});
type PhaseParam = z.output<typeof phaseParam>;

const NO_SETTINGS = {
  add_invoice_items: [],
  application_fee_percent: null,
  billing_cycle_anchor: null,
  billing_thresholds: null,
  collection_method: null,
  default_payment_method: null,
  default_tax_rates: [],
  description: null,
  invoice_settings: null,
  on_behalf_of: null,
  transfer_data: null,
};

function runningPhase(subscription: Subscription): SchedulePhase {
  return {
    ...NO_SETTINGS,
    currency: subscription.currency,
    discounts: subscription.discounts.map((discount) => ({ coupon: null, discount, promotion_code: null })),
    end_date: currentEnd(subscription),
    items: subscription.items.data.map((item) => ({ price: item.price.id, quantity: item.quantity })),
    metadata: {},
    proration_behavior: 'create_prorations',
    start_date: currentStart(subscription),
    trial_end: subscription.status === 'trialing' ? subscription.trial_end : null,
  };
}

function createSchedule(stripe: StripeContext, params: z.output<typeof createParams>): SubscriptionSchedule {
  const subscription = stripe.subscriptions.get(params.from_subscription);
  if (!subscription) throw noSuch('subscription', params.from_subscription, 'from_subscription', 400);
  if (subscription.schedule !== null) {
    throw invalid(
      `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule}.`,
      { param: 'from_subscription' },
    );
  }
  const phase = runningPhase(subscription);
  const schedule: SubscriptionSchedule = {
    id: `sub_sched_1${base62(23)}`,
    object: 'subscription_schedule',
    application: null,
    billing_mode: subscription['billing_mode'],
    canceled_at: null,
    completed_at: null,
    created: stripe.now(),
    current_phase: { end_date: phase.end_date, start_date: phase.start_date },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {
      ...NO_SETTINGS,
      billing_cycle_anchor: 'automatic',
      collection_method: subscription.collection_method,
    },
    end_behavior: 'release',
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    phases: [phase],
    released_at: null,
    released_subscription: null,
    renewal_interval: null,
    status: 'active',
    subscription: subscription.id,
    test_clock: null,
  };
  subscription.schedule = schedule.id;
  stripe.subscriptions.put(subscription);
  stripe.schedules.put(schedule);
  stripe.emit('subscription_schedule.created', schedule);
  return schedule;
}

const instantOf = (stripe: StripeContext, value: number | 'now' | undefined): number | undefined =>
  value === 'now' ? stripe.now() : value;

/** Each phase begins where the one before ends; its end is given, or follows from its duration. */
function phasesOf(
  stripe: StripeContext,
  schedule: SubscriptionSchedule,
  given: readonly PhaseParam[],
  behavior: string,
): SchedulePhase[] {
  let from = schedule.phases[0]?.start_date ?? stripe.now();
  return given.map((phase, at) => {
    const start = instantOf(stripe, phase.start_date) ?? from;
    if (at > 0 && start !== from)
      throw invalid('Phases must follow each other without gaps.', { param: `phases[${at}][start_date]` });
    const { duration } = phase;
    const end =
      instantOf(stripe, phase.end_date) ??
      (duration ? addInterval(start * 1000, duration.interval, duration.interval_count ?? 1) / 1000 : undefined);
    if (end === undefined || end <= start) {
      throw invalid('A phase needs an `end_date` or a `duration` and must end after it starts.', {
        param: `phases[${at}][end_date]`,
      });
    }
    from = end;
    phase.items.forEach((item, index) => {
      if (!stripe.prices.get(item.price))
        throw noSuch('price', item.price, `phases[${at}][items][${index}][price]`, 400);
    });
    return {
      ...NO_SETTINGS,
      currency: schedule.phases[0]?.currency ?? 'usd',
      discounts: (phase.discounts === '' ? [] : (phase.discounts ?? [])).map((discount) => ({
        coupon: null,
        discount: null,
        promotion_code: null,
        ...discount,
      })),
      end_date: end,
      items: phase.items.map((item) => ({ price: item.price, quantity: item.quantity ?? 1 })),
      metadata: mergeMetadata({}, phase.metadata),
      proration_behavior: phase.proration_behavior ?? behavior,
      start_date: start,
      trial_end: instantOf(stripe, phase.trial_end) ?? null,
    };
  });
}

const PATH = '/v1/subscription_schedules';

export function scheduleRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.schedules, (id) => noSuch('subscription_schedule', id, 'schedule'));
  const running = (request: ApiRequest): SubscriptionSchedule => {
    const schedule = found(request);
    if (schedule.status === 'active') return schedule;
    throw invalid(`You cannot change a subscription schedule that is currently in the \`${schedule.status}\` status.`);
  };
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['subscription_schedules.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, createSchedule(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: PATH,
      operations: ['subscription_schedules.list'],
      handle(request) {
        const params = parse(z.strictObject({ ...page, customer: text.optional() }), formOf(request));
        const keep = (doc: SubscriptionSchedule): boolean =>
          params.customer === undefined || doc['customer'] === params.customer;
        return { status: 200, body: listPage(stripe.schedules.newestFirst(), PATH, params, keep) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['subscription_schedules.get'],
      handle: (request) => ({
        status: 200,
        body: expanded(stripe, found(request), parse(z.strictObject({ expand }), formOf(request)).expand),
      }),
    },
    {
      method: 'post',
      path: `${PATH}/:id`,
      operations: ['subscription_schedules.update'],
      handle(request) {
        const schedule = running(request);
        const params = parse(updateParams, formOf(request));
        const behavior = params.proration_behavior ?? 'create_prorations';
        if (params.phases) schedule.phases = phasesOf(stripe, schedule, params.phases, behavior);
        if (params.end_behavior !== undefined) schedule['end_behavior'] = params.end_behavior;
        schedule['metadata'] = mergeMetadata({}, params.metadata);
        stripe.schedules.put(schedule);
        stripe.emit('subscription_schedule.updated', schedule, {});
        return { status: 200, body: expanded(stripe, schedule, params.expand) };
      },
    },
    {
      method: 'post',
      path: `${PATH}/:id/release`,
      operations: ['subscription_schedules.release'],
      handle(request) {
        const params = parse(z.strictObject({ ...opaque('preserve_cancel_date'), expand }), formOf(request));
        const schedule = running(request);
        releaseSchedule(stripe, schedule);
        return { status: 200, body: expanded(stripe, schedule, params.expand) };
      },
    },
  ];
}
