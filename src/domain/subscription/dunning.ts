import type { LifecyclePolicy } from './lifecycle-policy.ts';

const dayMs = 86_400_000;

/** A late payer's time. */
export interface Grace {
  readonly pastDueAt: string;
  readonly graceEndsAt: string;
}

/** The grace that begins when a payment is first seen to be late; a later policy does not move its end. */
export function graceFrom(pastDueAt: string, policy: Pick<LifecyclePolicy, 'graceDays'>): Grace {
  return { pastDueAt, graceEndsAt: inDays(pastDueAt, policy.graceDays) };
}

/** When the customer is to be reminded next; null: never again in this grace. */
export function nextReminderAt(
  grace: Grace,
  remindersSent: number,
  policy: Pick<LifecyclePolicy, 'reminderDays'>,
): string | null {
  const day = policy.reminderDays[remindersSent];
  if (day === undefined) return null;
  const at = inDays(grace.pastDueAt, day);
  return Date.parse(at) < Date.parse(grace.graceEndsAt) ? at : null;
}

/** How many reminders the customer should have had by now: those that an outage skipped are sent as one. */
export function remindersDue(grace: Grace, policy: Pick<LifecyclePolicy, 'reminderDays'>, nowMs: number): number {
  return policy.reminderDays.filter((day) => Date.parse(inDays(grace.pastDueAt, day)) <= nowMs).length;
}

function inDays(instant: string, days: number): string {
  return new Date(Date.parse(instant) + days * dayMs).toISOString();
}
