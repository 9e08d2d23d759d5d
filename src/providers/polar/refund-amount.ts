/** What is left of an order, without tax and the tax of it, in minor units. */
export interface Refundable {
  readonly netMinor: number;
  readonly taxMinor: number;
  /** What the order was, which sets the rate of partial refunds. */
  readonly orderNetMinor: number;
  readonly orderTaxMinor: number;
}

type RefundAmount =
  | { readonly kind: 'exact'; readonly netMinor: number; readonly taxMinor: number }
  | { readonly kind: 'not_exact'; readonly nearestMinor: number }
  | { readonly kind: 'too_much'; readonly refundableMinor: number };

/**
 * Polar is told what to refund without tax and adds the tax pro rata, rounded; what is left at the end comes with all
 * the tax that is left, so that refunds in parts add up to the whole. Rounding makes some sums impossible: at 19 % a
 * net 2 makes 2 and a net 3 makes 4, so nobody can be given 3.
 *
 * @param grossMinor What the customer shall get, tax included; at least 1.
 * @see polarsource/polar, `refund/service.py` `calculate_tax` and `models/order.py` `calculate_refunded_tax`, August 2026
 */
export function refundAmountOf(grossMinor: number, left: Refundable): RefundAmount {
  const refundableMinor = left.netMinor + left.taxMinor;
  if (grossMinor > refundableMinor) return { kind: 'too_much', refundableMinor };
  if (grossMinor === refundableMinor) return { kind: 'exact', netMinor: left.netMinor, taxMinor: left.taxMinor };
  if (left.orderTaxMinor === 0) return { kind: 'exact', netMinor: grossMinor, taxMinor: 0 };
  const reachable = candidatesNear(grossMinor, left);
  const exact = reachable.find((netMinor) => grossOf(netMinor, left) === grossMinor);
  if (exact !== undefined) return { kind: 'exact', netMinor: exact, taxMinor: grossMinor - exact };
  const sums = [...reachable.map((netMinor) => grossOf(netMinor, left)), refundableMinor];
  const nearestMinor = sums.reduce((best, sum) =>
    Math.abs(sum - grossMinor) < Math.abs(best - grossMinor) ? sum : best,
  );
  return { kind: 'not_exact', nearestMinor };
}

/** Sums grow with what is refunded, by 1 or more each: the nearest stand around the unrounded answer. */
function candidatesNear(grossMinor: number, left: Refundable): readonly number[] {
  const { orderNetMinor, orderTaxMinor } = left;
  const middle = Math.round((grossMinor * orderNetMinor) / (orderNetMinor + orderTaxMinor));
  return [-2, -1, 0, 1, 2].map((step) => middle + step).filter((netMinor) => isReachable(netMinor, left));
}

/** Polar books the sum back into net and tax by the order's own rate: neither may be more than what is left of it. */
function isReachable(netMinor: number, left: Refundable): boolean {
  if (netMinor < 1 || netMinor >= left.netMinor) return false;
  const gross = grossOf(netMinor, left);
  if (gross >= left.netMinor + left.taxMinor) return false;
  const bookedTax = roundHalfEven((left.orderTaxMinor * gross) / (left.orderNetMinor + left.orderTaxMinor));
  return bookedTax <= left.taxMinor && gross - bookedTax <= left.netMinor;
}

/** In floating point, in Polar's order of operations: where a half is at stake, the same cent comes out. */
function grossOf(netMinor: number, left: Refundable): number {
  return netMinor + roundHalfEven(netMinor * (left.orderTaxMinor / left.orderNetMinor));
}

/** As Python's `round`: a half goes to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
