import type { SubscriptionStatus, SubscriptionTruth } from './truth.ts';

/** Over for good: nothing reopens it. */
export function isOver(status: SubscriptionStatus): boolean {
  return status === 'canceled' || status === 'expired';
}

/** The next status after reading the provider's truth; an ended subscription never comes back to life. */
export function nextSubscriptionStatus(
  status: SubscriptionStatus,
  truth: SubscriptionTruth | null,
): SubscriptionStatus {
  return truth === null || isOver(status) ? status : truth.status;
}

const hourMs = 3_600_000;

/** Providers take up to an hour to finalize a renewal; asking sooner would only read the old period. */
const renewalSlackMs = 1.5 * hourMs;

/** When to look if no webhook comes: after the next instant at which something is due; null when nothing is. */
export function nextSubscriptionLook(
  row: {
    readonly currentPeriodEnd: string | null;
    readonly trialEnd: string | null;
    readonly cancelAt: string | null;
    readonly resumesAt: string | null;
  },
  nowMs: number,
): string | null {
  const due = [row.currentPeriodEnd, row.trialEnd, row.cancelAt, row.resumesAt]
    .filter((instant) => instant !== null)
    .map((instant) => Date.parse(instant) + renewalSlackMs);
  if (due.length === 0) return null;
  const next = due.filter((instant) => instant > nowMs).toSorted((a, b) => a - b)[0];
  return new Date(next ?? nowMs + 6 * hourMs).toISOString();
}
