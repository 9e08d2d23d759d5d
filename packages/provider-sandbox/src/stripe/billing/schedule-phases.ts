import type { StripeContext } from '../context.ts';
import type { Subscription, SubscriptionSchedule } from '../objects.ts';
import { newItem, setItemPrice } from './subscription-object.ts';

export function releaseSchedule(stripe: StripeContext, schedule: SubscriptionSchedule): void {
  const subscription = schedule.subscription === null ? undefined : stripe.subscriptions.get(schedule.subscription);
  Object.assign(schedule, {
    status: 'released',
    released_at: stripe.now(),
    released_subscription: schedule.subscription,
    subscription: null,
    current_phase: null,
  });
  stripe.schedules.put(schedule);
  if (subscription) {
    subscription.schedule = null;
    stripe.subscriptions.put(subscription);
  }
  stripe.emit('subscription_schedule.released', schedule);
}

/** At the end of a period: the phase that begins now sets the items, and after the last one the schedule lets go. */
export function enterDuePhase(stripe: StripeContext, subscription: Subscription): void {
  const id = subscription.schedule;
  const schedule = id === null ? undefined : stripe.schedules.get(id);
  if (schedule?.status !== 'active') return;
  const now = stripe.now();
  const phase = schedule.phases.find((candidate) => candidate.start_date <= now && candidate.end_date > now);
  if (!phase) return releaseSchedule(stripe, schedule);
  if (schedule.current_phase?.start_date === phase.start_date) return;
  schedule.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
  stripe.schedules.put(schedule);
  const kept = phase.items.flatMap((wanted, at) => {
    const price = stripe.prices.get(wanted.price);
    if (!price) return [];
    const known = subscription.items.data[at];
    const start = known?.current_period_start ?? now;
    const item = known ?? newItem(stripe, { subscription: subscription.id, price, quantity: 1, start, end: now });
    item.quantity = wanted.quantity;
    setItemPrice(item, price);
    return [item];
  });
  subscription.items.data = kept;
  subscription.items['total_count'] = kept.length;
  stripe.emit('subscription_schedule.updated', schedule, {});
}
