export type UsageReportStatus = 'requested' | 'running' | 'succeeded' | 'failed';

/** `collect`: events become items. `send`: providers are told. `compare`: with what the providers say they have. */
export type UsageReportPhase = 'collect' | 'send' | 'compare' | 'done';

/**
 * `sending`: written before the call, so that a lost answer is known as such. `unknown`: the provider is asked before it
 * is told again. `replaced`: a later correction took its place at the provider.
 */
export type UsageItemStatus = 'pending' | 'sending' | 'unknown' | 'reported' | 'rejected' | 'replaced';

/** How many events stand where. `received` is always the sum of the others. */
export interface UsageCounts {
  readonly received: number;
  readonly reported: number;
  readonly rejected: number;
  readonly pending: number;
}

/** What a provider says it has counted differs from what it was told. Quantities as decimals. */
export interface UsageDifference {
  readonly provider: string;
  readonly organizationId: string;
  readonly meterId: string;
  readonly from: string;
  readonly to: string;
  readonly ours: string;
  readonly theirs: string;
}
