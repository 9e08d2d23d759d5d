import type { BillingInterval } from '../catalogue.ts';
import type { EventType } from '../events.ts';
import { isOver, transitionOf } from './transition.ts';
import type { SubscriptionStatus } from './truth.ts';

/** Everything of a subscription that its customer would notice. Instants ISO 8601 UTC. */
export interface SubscriptionLife {
  readonly status: SubscriptionStatus;
  readonly planId: string;
  readonly priceId: string;
  readonly billingInterval: BillingInterval;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly currentPeriodStart: string | null;
  readonly currentPeriodEnd: string | null;
  readonly trialEnd: string | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: string | null;
  readonly canceledAt: string | null;
  readonly endedAt: string | null;
  readonly pausedAt: string | null;
  readonly resumesAt: string | null;
  readonly graceEndsAt: string | null;
}

export interface LifeEvent {
  readonly type: EventType;
  /** What makes it one of a kind; null: this very change. */
  readonly cause: string | null;
}

const dayMs = 86_400_000;

/** What the app is told when a subscription changes from one life to another, in order; empty: nothing to notice. */
export function eventsBetween(before: SubscriptionLife, after: SubscriptionLife): readonly LifeEvent[] {
  const told = (type: EventType, cause: string | null = null): LifeEvent => ({ type, cause });
  const events = transitionOf(before.status, after.status).events.map((type) => told(type));
  if (isRenewed(before, after)) events.push(told('subscription.renewed', after.currentPeriodStart));
  if (offerOf(before) !== offerOf(after)) events.push(told('subscription.changed'));
  if (!isOver(after.status)) {
    if (endsLater(after) && !endsLater(before)) events.push(told('subscription.cancel_scheduled'));
    if (endsLater(before) && !endsLater(after)) events.push(told('subscription.cancel_undone'));
  }
  if (events.length > 0 || differenceBetween(before, after) === null) return events;
  return [told('subscription.updated')];
}

/** The fields that differ, before and after; null: none does. */
export function differenceBetween(
  before: SubscriptionLife,
  after: SubscriptionLife,
): { readonly before: Partial<SubscriptionLife>; readonly after: Partial<SubscriptionLife> } | null {
  const isChanged = ([name, value]: [string, unknown]) =>
    Object.entries(after).some(([n, v]) => n === name && v !== value);
  const names = new Set(
    Object.entries(before)
      .filter(isChanged)
      .map(([name]) => name),
  );
  if (names.size === 0) return null;
  const changed = (life: SubscriptionLife): Partial<SubscriptionLife> =>
    Object.fromEntries(Object.entries(life).filter(([name]) => names.has(name)));
  return { before: changed(before), after: changed(after) };
}

/** A new period that follows the old one and is paid; one that a change of interval began early is part of the change. */
function isRenewed(before: SubscriptionLife, after: SubscriptionLife): boolean {
  if (after.status !== 'active' || before.status === 'incomplete' || before.status === 'trialing') return false;
  if (before.currentPeriodStart === null || after.currentPeriodStart === null) return false;
  const start = Date.parse(after.currentPeriodStart);
  const follows = before.currentPeriodEnd === null || start >= Date.parse(before.currentPeriodEnd) - dayMs;
  return follows && start > Date.parse(before.currentPeriodStart);
}

function offerOf(life: SubscriptionLife): string {
  return [life.planId, life.priceId, life.billingInterval, life.quantity].join('|');
}

function endsLater(life: SubscriptionLife): boolean {
  return life.cancelAtPeriodEnd || life.cancelAt !== null;
}
