import { providerAggregation } from './meter-push.ts';
import { hourMs, type Aggregation } from './meter.ts';

/** A subscription that may bill what its organization used. Times in ms since 1970. */
export interface BillingCandidate {
  readonly provider: string | null;
  readonly providerCustomerId: string | null;
  readonly isEntitling: boolean;
  readonly endedAtMs: number | null;
  readonly periodStartMs: number | null;
  readonly createdAtMs: number;
}

/** Who bills an organization. */
export interface Biller {
  readonly provider: string;
  readonly providerCustomerId: string | null;
  /** When the period began that is being billed; null: unknown. */
  readonly periodStartMs: number | null;
}

/** What a provider takes, of its adapter's `usage.limits`. */
export interface UsageTerms {
  readonly aggregations: readonly Aggregation[];
  readonly maxAgeMs: number | null;
  readonly billedBy: 'timestamp' | 'receipt';
}

/** A period's bill stays open for so long after its end, and so does that of a subscription that ended. */
export const openBillMs = hourMs;

/** What is nearly too old would be by the time it arrives. */
const ageMarginMs = hourMs;

/** Why an item is told to nobody. */
export type Refusal =
  | 'not_billed' // a free plan, or no subscription
  | 'customer_unknown' // never made at the provider
  | 'not_supported_by_provider'
  | 'aggregation_not_supported'
  | 'too_late';

export type Assignment =
  | { readonly status: 'pending'; readonly provider: string; readonly providerCustomerId: string }
  | { readonly status: 'rejected'; readonly provider: string | null; readonly code: Refusal };

/**
 * The newest subscription at a provider that entitles; else the newest that lives though it does not entitle, for the
 * provider goes on counting; else one that ended so lately that its last bill is open. null: nobody bills.
 */
export function billerOf(candidates: readonly BillingCandidate[], nowMs: number): Biller | null {
  const rank = ({ isEntitling, endedAtMs }: BillingCandidate) => {
    if (endedAtMs !== null) return nowMs - endedAtMs < openBillMs ? 1 : 0;
    return isEntitling ? 3 : 2;
  };
  let best: BillingCandidate | null = null;
  for (const each of candidates) {
    if (each.provider === null || rank(each) === 0) continue;
    const isBetter =
      best === null || rank(each) > rank(best) || (rank(each) === rank(best) && each.createdAtMs > best.createdAtMs);
    if (isBetter) best = each;
  }
  if (best === null || best.provider === null) return null;
  const { provider, providerCustomerId, periodStartMs } = best;
  return { provider, providerCustomerId, periodStartMs };
}

/**
 * Less is said to whom more was said, whoever bills by now.
 *
 * @param told Who was told of the same organization, meter and bucket; null: nobody, or it is no correction.
 */
export function billerOfItem(
  biller: Biller | null,
  told: { readonly provider: string; readonly providerCustomerId: string } | null,
): Biller | null {
  if (told === null) return biller;
  const isSame = told.provider === biller?.provider && told.providerCustomerId === biller.providerCustomerId;
  return isSame ? biller : { ...told, periodStartMs: null };
}

/** Whether less than was told can be said of a meter: a largest, last or different value is a fact. */
export function isSummed(aggregation: Aggregation): boolean {
  return aggregation === 'sum' || aggregation === 'count';
}

/**
 * What becomes of an item before it is told to anybody.
 *
 * @param input.terms null: the provider meters nothing.
 * @param input.bucketMs Where the item's stretch of time begins; none spans two periods.
 */
export function assign(input: {
  readonly biller: Biller | null;
  readonly terms: UsageTerms | null;
  readonly aggregation: Aggregation;
  readonly bucketMs: number;
  readonly occurredAtMs: number;
  readonly nowMs: number;
}): Assignment {
  const { biller, terms, aggregation, bucketMs, occurredAtMs, nowMs } = input;
  if (biller === null) return { status: 'rejected', provider: null, code: 'not_billed' };
  const { provider, providerCustomerId, periodStartMs } = biller;
  const refused = (code: Refusal): Assignment => ({ status: 'rejected', provider, code });
  if (terms === null) return refused('not_supported_by_provider');
  if (providerCustomerId === null) return refused('customer_unknown');
  if (!terms.aggregations.includes(providerAggregation(aggregation))) return refused('aggregation_not_supported');
  if (terms.maxAgeMs !== null && nowMs - occurredAtMs > terms.maxAgeMs - ageMarginMs) return refused('too_late');
  const isOfBilledPeriod = periodStartMs !== null && bucketMs < periodStartMs && nowMs - periodStartMs >= openBillMs;
  if (terms.billedBy === 'timestamp' && isOfBilledPeriod) return refused('too_late');
  return { status: 'pending', provider, providerCustomerId };
}
