import type { SettledSubscription } from '../../src/activities/settled-subscription.ts';
import { nextAgendaItem, type AgendaInput } from '../../src/domain/subscription/agenda.ts';
import { graceFrom, remindersDue } from '../../src/domain/subscription/dunning.ts';
import { defaultLifecyclePolicy } from '../../src/domain/subscription/lifecycle-policy.ts';
import { isOver, transitionOf } from '../../src/domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../../src/domain/subscription/truth.ts';
import type { SubscriptionActivities } from './support.ts';

/** What a provider shows of a subscription at an instant. */
export interface Shown {
  readonly status: SubscriptionStatus;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly trialEnd?: string;
}

export const dayMs = 86_400_000;
export const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * A subscription in memory: the rules are the domain's own, the rows are not. `shows` is the provider, by the clock;
 * nobody ever sends a webhook.
 */
export function aLife(clock: () => Promise<number>, shows: (nowMs: number) => Shown) {
  const told: { readonly what: string; readonly at: number }[] = [];
  const policy = defaultLifecyclePolicy;
  let version = 0;
  let row: AgendaInput & { readonly periodStart: string | null } = {
    ...{ status: 'trialing', collection: 'provider', currentPeriodEnd: null, trialEnd: null, cancelAt: null },
    ...{ resumesAt: null, pastDueAt: null, graceEndsAt: null, remindersSent: 0, trialNotifiedAt: null },
    ...{ voucherExpiresAt: null, voucherDueAt: null, operation: null, periodStart: null },
  };

  async function look(): Promise<number> {
    const now = await clock();
    const seen = shows(now);
    const { to, events, effects } = transitionOf(row.status, seen.status);
    const isRenewed = row.periodStart !== null && row.periodStart !== seen.periodStart && events.length === 0;
    for (const what of [...events, ...(isRenewed ? ['renewed'] : [])]) tell(what, now);
    if (events.length > 0 || isRenewed || row.periodStart === null) version += 1;
    row = { ...row, status: to, trialEnd: seen.trialEnd ?? null };
    row = { ...row, periodStart: seen.periodStart, currentPeriodEnd: seen.periodEnd };
    if (effects.includes('open_grace')) row = { ...row, ...graceFrom(iso(now), policy), remindersSent: 0 };
    if (effects.includes('close_grace')) row = { ...row, pastDueAt: null, graceEndsAt: null };
    return now;
  }

  function tell(what: string, at: number): void {
    told.push({ what: what.replace('subscription.', ''), at });
  }

  async function settled(because: string): Promise<SettledSubscription> {
    const next = nextAgendaItem(row, policy, await clock());
    return { status: row.status, isOver: isOver(row.status), periodStart: row.periodStart, version, next, because };
  }

  const activities = {
    async settleSubscription() {
      await look();
      return settled('acme was asked');
    },
    async notifyTrialEnd() {
      const now = await look();
      if (row.status === 'trialing') tell('trial_ending', now);
      row = { ...row, trialNotifiedAt: iso(now) };
      return settled('told');
    },
    async remindPayment() {
      const now = await look();
      const { status, pastDueAt, graceEndsAt } = row;
      if (status !== 'past_due' || pastDueAt === null || graceEndsAt === null) return settled('paid meanwhile');
      row = { ...row, remindersSent: remindersDue({ pastDueAt, graceEndsAt }, policy, now) };
      tell('payment_reminder', now);
      return settled('reminded');
    },
    async endGrace() {
      const now = await look();
      if (row.status !== 'past_due') return settled('paid meanwhile');
      row = { ...row, status: 'canceled' };
      tell('grace_ended', now);
      return settled('ended');
    },
  } satisfies Partial<SubscriptionActivities>;
  return { activities, told };
}

/** Months of thirty days from an instant; the calendar is somebody else's test. */
export function monthOf(startMs: number, nowMs: number): { readonly periodStart: string; readonly periodEnd: string } {
  const month = Math.max(0, Math.floor((nowMs - startMs) / (30 * dayMs)));
  const start = startMs + month * 30 * dayMs;
  return { periodStart: iso(start), periodEnd: iso(start + 30 * dayMs) };
}
