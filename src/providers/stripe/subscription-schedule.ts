import type Stripe from 'stripe';
import { z } from 'zod';
import { rejected } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { CallKey } from '../port.ts';
import type { ChangeSubscriptionInput } from '../port-subscriptions.ts';
import { intervalOf, itemOf, wishedItem } from './change-items.ts';
import type { StripeApi } from './client.ts';
import { idOf, type StripeSubscription } from './wire.ts';

const ref = z.union([z.string(), z.object({ id: z.string() })]).nullish();

const schedule = z.object({
  id: z.string(),
  status: z.string(),
  current_phase: z.object({ start_date: z.number(), end_date: z.number() }).nullish(),
  phases: z.array(
    z.object({
      start_date: z.number(),
      end_date: z.number(),
      trial_end: z.number().nullish(),
      discounts: z.array(z.object({ coupon: ref, discount: ref, promotion_code: ref })).nullish(),
    }),
  ),
});

type Schedule = z.output<typeof schedule>;

interface ScheduledChange {
  readonly subscription: StripeSubscription;
  readonly input: ChangeSubscriptionInput & CallKey;
  readonly budget: Budget;
}

/**
 * Two phases: what is, to the period's end; then what shall be, after which the schedule lets go. A schedule alone
 * changes nothing, so an answer lost between the two calls is mended by the repeat.
 */
export async function scheduleChange(api: StripeApi, change: ScheduledChange): Promise<void> {
  const { subscription, input, budget } = change;
  const existing = idOf(subscription.schedule);
  const before =
    existing === null
      ? await api.call({
          operation: 'subscription_schedules.create',
          reply: schedule,
          budget,
          key: `${input.idempotencyKey}:schedule`,
          isRepeatable: true,
          send: (stripe, options) =>
            stripe.subscriptionSchedules.create({ from_subscription: subscription.id }, options),
        })
      : await api.call({
          operation: 'subscription_schedules.get',
          reply: schedule,
          budget,
          send: (stripe, options) => stripe.subscriptionSchedules.retrieve(existing, {}, options),
        });
  await api.call({
    operation: 'subscription_schedules.update',
    reply: schedule,
    budget,
    send: (stripe, options) =>
      stripe.subscriptionSchedules.update(
        before.id,
        { end_behavior: 'release', proration_behavior: 'none', phases: phasesOf(before, change) },
        options,
      ),
  });
}

function phasesOf(
  before: Schedule,
  { subscription, input }: ScheduledChange,
): Stripe.SubscriptionScheduleUpdateParams.Phase[] {
  const current =
    before.phases.find((phase) => phase.start_date === before.current_phase?.start_date) ?? before.phases[0];
  const item = itemOf(subscription);
  const end = item.current_period_end;
  if (!current || end == null)
    throw rejected({ provider: 'stripe', status: null, providerCode: 'schedule_without_phase' });
  const discounts = discountsOf(current);
  const interval = input.price ? intervalOf(input.price.billingInterval) : (item.price.recurring?.interval ?? 'month');
  const count = input.price ? 1 : (item.price.recurring?.interval_count ?? 1);
  return [
    {
      items: [{ price: item.price.id, quantity: item.quantity ?? 1 }],
      start_date: current.start_date,
      end_date: end,
      proration_behavior: 'none',
      ...(current.trial_end == null ? {} : { trial_end: current.trial_end }),
      ...discounts,
    },
    {
      items: [wishedItem(subscription, input)],
      duration: { interval, interval_count: count },
      proration_behavior: 'none',
      ...discounts,
    },
  ];
}

/** A phase that names no discount loses the subscription's. */
function discountsOf(
  phase: Schedule['phases'][number],
): Pick<Stripe.SubscriptionScheduleUpdateParams.Phase, 'discounts'> {
  const discounts = (phase.discounts ?? []).flatMap((entry) => {
    const [discount, promotion, coupon] = [idOf(entry.discount), idOf(entry.promotion_code), idOf(entry.coupon)];
    if (discount !== null) return { discount };
    if (promotion !== null) return { promotion_code: promotion };
    return coupon === null ? [] : { coupon };
  });
  return discounts.length === 0 ? {} : { discounts };
}

/** Takes back what waits; the subscription stays as it is. Nothing to do without a schedule. */
export async function releaseSchedule(api: StripeApi, subscription: StripeSubscription, budget: Budget): Promise<void> {
  const id = idOf(subscription.schedule);
  if (id === null) return;
  await api.call({
    operation: 'subscription_schedules.release',
    reply: schedule,
    budget,
    send: (stripe, options) => stripe.subscriptionSchedules.release(id, {}, options),
  });
}
