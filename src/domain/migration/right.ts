/** `released`: nobody may charge for it any more (the customer left). */
export type ChargeRightStatus = 'held' | 'charged' | 'released';

/**
 * One period of one organization and plan: whoever holds it may charge for it, once. The table forbids two holders of
 * periods that overlap.
 */
export interface ChargeRight {
  readonly organizationId: string;
  readonly planId: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly provider: string;
  readonly providerSubscriptionId: string | null;
  readonly status: ChargeRightStatus;
}
