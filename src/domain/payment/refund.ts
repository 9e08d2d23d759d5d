import type { InvoiceTruth } from '../checkout/truth.ts';
import type { RefundReason, RefundTruth } from './truth.ts';

export const refundReasons = [
  'requested_by_customer',
  'duplicate',
  'fraudulent',
  'service_disruption',
  'other',
] as const satisfies readonly RefundReason[];

/** `requested`: written, not sent. `unknown`: sent, and the provider has not answered clearly yet. */
export type RefundStatus = RefundTruth['status'] | 'requested' | 'unknown';

/** Whether nothing but a bank's late return can still change it. */
export function isRefundSettled(status: RefundStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}

/** Whether the provider has answered, be it with "wait". */
export function isRefundAnswered(status: RefundStatus): boolean {
  return status !== 'requested' && status !== 'unknown';
}

/**
 * The next status after reading the provider's truth. An older read never takes a settled refund back to `pending`; a
 * bank that returns the money makes even a succeeded one fail, and what has failed stays failed.
 */
export function nextRefundStatus(status: RefundStatus, truth: RefundTruth['status']): RefundStatus {
  if (status === 'failed' || status === 'canceled') return status;
  if (status === 'succeeded' && truth === 'pending') return status;
  return truth;
}

/** A refund as the sums need it. */
interface CountedRefund {
  readonly id: string;
  readonly status: RefundStatus;
  readonly amountMinor: number;
}

/** What of a payment went back, and what may still go, in its currency's minor units. */
export interface RefundSums {
  /** What went back, by our rows or by the provider's word, with what is on its way. */
  readonly refundedMinor: number;
  /** What is asked for and not answered. */
  readonly reservedMinor: number;
  readonly refundableMinor: number;
}

/**
 * @param payment.refundedMinor As the provider last said; it may know of refunds that our rows do not have.
 * @param except The id of a refund to leave out: the one being made.
 */
export function refundSums(
  payment: { readonly amountMinor: number; readonly refundedMinor: number },
  refunds: readonly CountedRefund[],
  except: string | null = null,
): RefundSums {
  const sumOf = (...statuses: readonly RefundStatus[]) =>
    refunds
      .filter(({ id, status }) => id !== except && statuses.includes(status))
      .reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const refundedMinor = Math.max(payment.refundedMinor, sumOf('succeeded', 'pending'));
  const reservedMinor = sumOf('requested', 'unknown');
  return {
    refundedMinor,
    reservedMinor,
    refundableMinor: Math.max(0, payment.amountMinor - refundedMinor - reservedMinor),
  };
}

/** Not every provider says of an invoice that its money went back: its refunds do. */
export function invoiceStatusWith(
  status: InvoiceTruth['status'],
  amountPaidMinor: number,
  amountRefundedMinor: number,
): InvoiceTruth['status'] {
  if (status !== 'paid' && status !== 'partially_refunded') return status;
  if (amountRefundedMinor <= 0) return status;
  return amountRefundedMinor >= amountPaidMinor ? 'refunded' : 'partially_refunded';
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const gapsMs = [2, 5, 15, 30, 60].map((seconds) => seconds * secondMs);
const laterGapsMs = [5 * minuteMs, 15 * minuteMs, hourMs, 6 * hourMs];

/** Waits between looks at a refund that is not settled: soon at first, then every six hours. */
export function refundLookGapMs(looks: number): number {
  return [...gapsMs, ...laterGapsMs][looks] ?? 6 * hourMs;
}
