/** An amount in the currency's minor unit (JPY has none, KWD three digits). Only adapters convert. */
export interface Money {
  /** A safe integer. */
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
}

/** Multiplies a unit price by a whole quantity; throws RangeError when the result is no safe integer. */
export function times(unit: Money, quantity: number): Money {
  const amountMinor = unit.amountMinor * quantity;
  if (!Number.isSafeInteger(amountMinor))
    throw new RangeError(`amount out of range: ${unit.amountMinor} × ${quantity}`);
  return { amountMinor, currency: unit.currency };
}
