import type { SkippedProvider } from '../routing/route.ts';

/** Whom a subscription without a hosted page may be begun at. Frozen when it is asked for. */
export interface DirectRouting {
  /** In order: the first begins it, the rest step in where it surely did not. Each with the stored method it charges. */
  readonly candidates: readonly { readonly provider: string; readonly paymentMethodId: string }[];
  /** Left out before any call, and why. */
  readonly skipped: readonly SkippedProvider[];
}
