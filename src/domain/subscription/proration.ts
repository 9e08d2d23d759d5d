import type { BillingInterval } from '../catalogue.ts';
import type { OperationPlan } from './operation-plan.ts';

/** What is paid per period, in the currency's minor unit, and for how long a period lasts. */
export interface PeriodPrice {
  readonly totalMinor: number;
  readonly billingInterval: BillingInterval;
}

export interface EstimateInput {
  readonly plan: Pick<OperationPlan, 'timing' | 'proration'>;
  readonly from: PeriodPrice;
  readonly to: PeriodPrice;
  /** ISO; null: not known, so nothing can be prorated. */
  readonly periodStart: string | null;
  readonly periodEnd: string | null;
  /** The instant of the change, ISO. */
  readonly at: string;
  /** Nothing is paid for the time that is left. */
  readonly isTrial: boolean;
}

export interface EstimateLine {
  readonly kind: 'unused_time' | 'remaining_time' | 'next_period';
  /** Negative: a credit. */
  readonly amountMinor: number;
  readonly periodStart: string | null;
  readonly periodEnd: string | null;
}

/** Before tax, discounts and balance; `dueNowMinor` may be negative: a credit. */
export interface ProrationEstimate {
  readonly lines: readonly EstimateLine[];
  readonly dueNowMinor: number;
  readonly nextInvoiceMinor: number | null;
}

/**
 * Splits a period's price at an instant. The part that is left is rounded half up to the minor unit, the part that is
 * used gets the rest, so both are never negative and always sum to the whole.
 */
export function splitPrice(
  totalMinor: number,
  period: { readonly startMs: number; readonly endMs: number },
  atMs: number,
): { readonly usedMinor: number; readonly unusedMinor: number } {
  const wholeMs = Math.max(0, period.endMs - period.startMs);
  const leftMs = Math.min(wholeMs, Math.max(0, period.endMs - atMs));
  if (wholeMs === 0) return { usedMinor: totalMinor, unusedMinor: 0 };
  // Sums times milliseconds leave the safe integers.
  const doubled = 2n * BigInt(totalMinor) * BigInt(leftMs) + BigInt(wholeMs);
  const unusedMinor = Number(doubled / (2n * BigInt(wholeMs)));
  return { usedMinor: totalMinor - unusedMinor, unusedMinor };
}

/**
 * What a change will cost where the provider does not say: credit for the time not used, charge for the time that is
 * left, and the next invoice. Another interval begins a new period at once, unless nothing is prorated.
 */
export function estimateChange(input: EstimateInput): ProrationEstimate {
  const { plan, to, periodStart, periodEnd } = input;
  const later: ProrationEstimate = {
    lines: [{ kind: 'next_period', amountMinor: to.totalMinor, periodStart: periodEnd, periodEnd: null }],
    dueNowMinor: 0,
    nextInvoiceMinor: to.totalMinor,
  };
  if (plan.timing === 'period_end' || plan.proration === 'none' || plan.proration === null) return later;
  if (input.isTrial || periodStart === null || periodEnd === null) return later;
  const period = { startMs: Date.parse(periodStart), endMs: Date.parse(periodEnd) };
  const { unusedMinor } = splitPrice(input.from.totalMinor, period, Date.parse(input.at));
  const credit: EstimateLine = {
    ...{ kind: 'unused_time', amountMinor: unusedMinor === 0 ? 0 : -unusedMinor },
    ...{ periodStart: input.at, periodEnd },
  };
  const isNewPeriod = input.from.billingInterval !== to.billingInterval;
  const chargeMinor = isNewPeriod ? to.totalMinor : splitPrice(to.totalMinor, period, Date.parse(input.at)).unusedMinor;
  const charge: EstimateLine = {
    ...{ kind: 'remaining_time', amountMinor: chargeMinor, periodStart: input.at },
    periodEnd: isNewPeriod ? null : periodEnd,
  };
  const settledMinor = credit.amountMinor + charge.amountMinor;
  const lines = [credit, charge];
  if (isNewPeriod || plan.proration === 'immediate')
    return { lines, dueNowMinor: settledMinor, nextInvoiceMinor: to.totalMinor };
  return { lines: [...lines, ...later.lines], dueNowMinor: 0, nextInvoiceMinor: to.totalMinor + settledMinor };
}
