import type { StripeContext } from '../context.ts';
import type { Usage } from '../objects.ts';

export function usageIn(
  stripe: StripeContext,
  input: { meter: string; customer: string; start: number; end: number },
): Usage[] {
  return stripe.usage
    .findBy('meterCustomer', `${input.meter}/${input.customer}`)
    .filter((entry) => !entry.isCanceled && entry.atS >= input.start && entry.atS < input.end);
}

/** The meter's formula over the entries; `last` is the latest by its own time. */
export function aggregate(formula: 'sum' | 'count' | 'last', entries: readonly Usage[]): number {
  if (formula === 'count') return entries.length;
  if (formula === 'sum') return entries.reduce((sum, entry) => sum + entry.value, 0);
  return entries.reduce<Usage | null>((last, entry) => (last && last.atS > entry.atS ? last : entry), null)?.value ?? 0;
}

/** What a customer used between two instants, start included. */
export function quantityUsed(
  stripe: StripeContext,
  input: { meter: string; customer: string; start: number; end: number },
): number {
  const meter = stripe.meters.get(input.meter);
  return meter ? aggregate(meter.default_aggregation.formula, usageIn(stripe, input)) : 0;
}
