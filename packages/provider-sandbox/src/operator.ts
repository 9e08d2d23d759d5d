import type { ProviderId } from './core/types.ts';

/**
 * What a merchant, a bank or a network does behind an app's back, by control interface and state page alike. Ids are the
 * provider's own, or any value in the object's metadata. Each throws `OperatorRefusal` for what cannot be done now.
 */
export interface OperatorDesk {
  provider: ProviderId;
  /** Pays back part or all of a payment, as the provider's dashboard does. Minor units, tax included. */
  refund(paymentId: string, amountMinor: number | null): { refundId: string };
  /** The cardholder's bank takes the money back; the provider tells it as its own events do. */
  dispute(paymentId: string, input: { amountMinor: number | null; reason: string }): { disputeId: string };
  closeDispute(disputeId: string, outcome: 'won' | 'lost'): void;
  /** The card behind a subscription from now on: a declining one makes the next renewal fail, a good one recovers it. */
  useCard(subscriptionId: string, cardNumber: string): void;
  /** Collects what is past due now, as a dashboard's retry button does. */
  retryPayment(subscriptionId: string): { outcome: 'paid' | 'declined' };
  cancelSubscription(subscriptionId: string, when: 'now' | 'period_end'): void;
  /** What the provider's own browser script would answer for that card; absent where the provider has no tokens. */
  tokenize?(cardNumber: string): string;
}

export class OperatorRefusal extends Error {
  override readonly name = 'OperatorRefusal';
}
