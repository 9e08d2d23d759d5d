/**
 * Quantities are decimals as text, exact where a JS number keeps fifteen digits. PostgreSQL sums them; what is decided
 * by one of them here is decided by whole numbers of their smallest digit.
 */
interface Scaled {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

const decimal = /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/**
 * `left - right`, exact.
 *
 * @param left a decimal, as PostgreSQL or `String(number)` writes it
 * @returns a plain decimal: no exponent, no zeros at its end
 */
export function subtractDecimals(left: string, right: string): string {
  const [one, other] = [scaledOf(left), scaledOf(right)];
  const scale = Math.max(one.scale, other.scale);
  return textOf({ units: unitsAt(one, scale) - unitsAt(other, scale), scale });
}

/** Below, at or above 0 as `left` is smaller than, equal to or larger than `right`. */
export function compareDecimals(left: string, right: string): -1 | 0 | 1 {
  const [one, other] = [scaledOf(left), scaledOf(right)];
  const scale = Math.max(one.scale, other.scale);
  const [first, second] = [unitsAt(one, scale), unitsAt(other, scale)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

function scaledOf(text: string): Scaled {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimal.exec(text) ?? [];
  if (whole === '') throw new RangeError(`not a decimal: ${text}`);
  const units = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

function unitsAt({ units, scale }: Scaled, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}

function textOf({ units, scale }: Scaled): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const sign = units < 0n ? '-' : '';
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
