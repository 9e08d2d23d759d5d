/**
 * Quantities are decimals as text, exact where a JS number keeps fifteen digits. PostgreSQL sums them; what is decided
 * by one of them here is decided by whole numbers of their smallest digit.
 */
interface Scaled {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

const decimal = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** The exact sum of two decimals: plain, without zeros at its end. */
export function plus(left: string, right: string): string {
  const { a, b, scale } = aligned(left, right);
  return textOf({ units: a + b, scale });
}

/**
 * `left - right`, exact.
 *
 * @param left a decimal, as PostgreSQL or `String(number)` writes it
 * @returns a plain decimal: no exponent, no zeros at its end
 */
export function subtractDecimals(left: string, right: string): string {
  const { a, b, scale } = aligned(left, right);
  return textOf({ units: a - b, scale });
}

/** Below, at or above 0 as `left` is smaller than, equal to or larger than `right`. */
export function compareDecimals(left: string, right: string): -1 | 0 | 1 {
  const { a, b } = aligned(left, right);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function signOf(text: string): -1 | 0 | 1 {
  return compareDecimals(text, '0');
}

/** How far sums of a provider that counts in floating point may be off: one part in this many, and never more than this. */
const parts = 10n ** 10n;
const noiseDigits = 9;

/** Whether a provider says the same: whole numbers exactly, others as far as floating point can tell. */
export function agrees(ours: string, theirs: string): boolean {
  const { a, b, scale } = aligned(ours, theirs);
  if (a === b) return true;
  if (scale === 0) return false;
  const difference = sizeOf(a - b);
  const most = sizeOf(a) > sizeOf(b) ? sizeOf(a) : sizeOf(b);
  if (difference * parts <= most) return true;
  return scale > noiseDigits && difference <= 10n ** BigInt(scale - noiseDigits);
}

function aligned(left: string, right: string): { readonly a: bigint; readonly b: bigint; readonly scale: number } {
  const [one, other] = [scaledOf(left), scaledOf(right)];
  const scale = Math.max(one.scale, other.scale);
  const unitsOf = ({ units, scale: from }: Scaled) => units * 10n ** BigInt(scale - from);
  return { a: unitsOf(one), b: unitsOf(other), scale };
}

function scaledOf(text: string): Scaled {
  const [, sign = '', whole = '', digits = '', exponent = '0'] = decimal.exec(text) ?? [];
  if (whole === '') throw new RangeError(`not a decimal: ${text}`);
  // Zeros at the end say nothing: whole numbers are compared as such however they are written.
  const fraction = digits.replace(/0+$/, '');
  const units = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

function textOf({ units, scale }: Scaled): string {
  const digits = sizeOf(units)
    .toString()
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const sign = units < 0n ? '-' : '';
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

function sizeOf(units: bigint): bigint {
  return units < 0n ? -units : units;
}
