import type { CheckoutTruth } from './truth.ts';

export const checkoutStatuses = ['creating', 'open', 'pending', 'paid', 'expired', 'canceled', 'failed'] as const;
export type CheckoutStatus = (typeof checkoutStatuses)[number];

/** Whether nothing but late money can still change it. */
export function isSettled(status: CheckoutStatus): boolean {
  return status === 'paid' || status === 'expired' || status === 'canceled' || status === 'failed';
}

/**
 * The next status after reading the provider's truth. Money that arrived is always honoured, even after expiry or
 * cancellation; nothing else reopens a settled checkout, and a paid one stays paid (refunds change its payment).
 */
export function nextCheckoutStatus(status: CheckoutStatus, truth: CheckoutTruth | null): CheckoutStatus {
  if (truth === null || status === 'paid') return status;
  if (truth.state === 'paid') return 'paid';
  if (isSettled(status) || status === 'creating') return status;
  switch (truth.state) {
    case 'open':
      // A declined card or a voucher that lapsed leaves the page payable again.
      return 'open';
    case 'pending':
      return 'pending';
    case 'expired':
      return 'expired';
    case 'canceled':
      return 'canceled';
    case 'unknown':
      return status;
  }
}

const dayMs = 86_400_000;

/**
 * When to look again if no webhook comes: rising gaps, then daily, once just before the end, and at the end.
 *
 * @param input.gapsMs Waits between looks, shortest first.
 * @param input.endsAtMs When the page or its voucher lapses; Infinity if never.
 * @returns Milliseconds to wait, at least 1 s; null once the end has passed.
 */
export function nextLookMs(input: {
  readonly looks: number;
  readonly gapsMs: readonly number[];
  readonly nowMs: number;
  readonly endsAtMs: number;
}): number | null {
  const left = input.endsAtMs - input.nowMs;
  if (left <= 0) return null;
  const gap = input.gapsMs[input.looks] ?? dayMs;
  const untilJustBeforeEnd = left - 60_000;
  if (gap <= untilJustBeforeEnd) return Math.max(1_000, gap);
  return Math.max(1_000, untilJustBeforeEnd > 0 ? untilJustBeforeEnd : left);
}
