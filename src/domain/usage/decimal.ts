/** How far sums of a provider that counts in floating point may be off: one part in this many, and never more than this. */
const parts = 10n ** 10n;
const noiseDigits = 9;

interface Decimal {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

/**
 * Reads what PostgreSQL and `String(number)` write; the latter has an exponent where a number is very large or small.
 *
 * @throws {SyntaxError} where the text is no decimal
 */
function parse(decimal: string): Decimal {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(decimal);
  if (!match) throw new SyntaxError(`no decimal: ${decimal}`);
  const [, sign, whole = '0', digits = '', exponent = '0'] = match;
  const kept = digits.replace(/0+$/, '');
  const scale = kept.length - Number(exponent);
  const size = BigInt(whole + kept) * 10n ** BigInt(Math.max(0, -scale));
  return { units: sign === '-' ? -size : size, scale: Math.max(0, scale) };
}

function aligned(a: string, b: string): { readonly a: bigint; readonly b: bigint; readonly scale: number } {
  const [left, right] = [parse(a), parse(b)];
  const scale = Math.max(left.scale, right.scale);
  const to = ({ units, scale: from }: Decimal) => units * 10n ** BigInt(scale - from);
  return { a: to(left), b: to(right), scale };
}

function textOf({ units, scale }: Decimal): string {
  const digits = sizeOf(units)
    .toString()
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The exact sum of two decimals, without zeros at its end. */
export function plus(left: string, right: string): string {
  const { a, b, scale } = aligned(left, right);
  return textOf({ units: a + b, scale });
}

/** The exact difference `left - right`, without zeros at its end. */
export function minus(left: string, right: string): string {
  const { a, b, scale } = aligned(left, right);
  return textOf({ units: a - b, scale });
}

export function signOf(decimal: string): -1 | 0 | 1 {
  const { units } = parse(decimal);
  if (units === 0n) return 0;
  return units < 0n ? -1 : 1;
}

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

function sizeOf(units: bigint): bigint {
  return units < 0n ? -units : units;
}
