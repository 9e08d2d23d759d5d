export type OrderStatus = 'paid' | 'partially_refunded' | 'refunded' | 'disputed';

/** What an order is, from what became of its money. A dispute shows until it is won. */
export function orderStatusOf(input: {
  readonly amountMinor: number;
  readonly refundedMinor: number;
  readonly isDisputed: boolean;
}): OrderStatus {
  if (input.isDisputed) return 'disputed';
  if (input.refundedMinor <= 0) return 'paid';
  return input.refundedMinor >= input.amountMinor ? 'refunded' : 'partially_refunded';
}
