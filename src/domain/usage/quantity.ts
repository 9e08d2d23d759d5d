import { quantityDigits } from './event.ts';

const { whole, fraction } = quantityDigits;
const decimal = new RegExp(`^-?(?:0|[1-9][0-9]{0,${whole - 1}})(?:\\.[0-9]{1,${fraction}})?$`);

/** A double keeps every decimal of so many digits: its shortest text is then what was written. */
const exactDigits = 15;

/**
 * A quantity as exact decimal text. A number counts only where it has what was written: a safe integer, or at most 15
 * significant digits.
 *
 * @returns null for everything else: an exponent in text, too many digits, no number at all.
 */
export function readQuantity(value: unknown): string | null {
  const text = typeof value === 'number' ? exactText(value) : value;
  return typeof text === 'string' && decimal.test(text) ? text : null;
}

function exactText(value: number): string | null {
  if (Number.isSafeInteger(value)) return String(value);
  const text = withoutExponent(String(value));
  const digits = text.replace(/^-?0?\.?0*/, '');
  return digits.length - (digits.includes('.') ? 1 : 0) <= exactDigits ? text : null;
}

/** Numbers below a millionth are written with one. */
function withoutExponent(text: string): string {
  const match = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', first = '', rest = '', places] = match;
  return `${sign}0.${'0'.repeat(Number(places) - 1)}${first}${rest}`;
}
