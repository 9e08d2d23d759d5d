import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readQuantity } from '../../../../src/domain/usage/quantity.ts';

/** The number that a decimal text names, times 10^12: no float in between. */
function scaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(12, '0'));
  return text.startsWith('-') ? -size : size;
}

const anyScaled = fc.bigInt({ min: -(10n ** 32n) + 1n, max: 10n ** 32n - 1n });

function written(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(13, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

describe('a quantity', () => {
  it('keeps every digit of a text with up to 20 digits before and 12 after the point', () => {
    fc.assert(
      fc.property(anyScaled, (value) => {
        expect(scaled(readQuantity(written(value)) ?? '')).toBe(value);
      }),
    );
  });

  it('keeps every digit of a number of up to 15', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n - 1n }), fc.nat({ max: 12 }), (digits, places) => {
        const text = digits.toString().padStart(places + 1, '0');
        const asWritten = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
        expect(scaled(readQuantity(JSON.parse(asWritten)) ?? '')).toBe(scaled(asWritten));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([1, '1', 0, '0.000000000001', -5, '-0.5', 0.1, 1234.5678, Number.MAX_SAFE_INTEGER, '9'.repeat(20)])(
    'may be %s',
    (value) => expect(readQuantity(value)).toBe(String(value)),
  );

  it.each([
    ...[Number.NaN, Infinity, 1e30, 1e-13, 0.1 + 0.2, 2 ** 53, 12345.67890123456],
    ...['', ' 1', '1 ', '+1', '1e3', '1.', '.5', '007', '1,5', '0x10', 'NaN', 'Infinity', '١', '1\n'],
    ...['9'.repeat(21), `0.${'1'.repeat(13)}`, `1${'0'.repeat(30)}`],
    ...[null, undefined, true, [], {}, ['1'], 10n],
  ])('is not %s', (value) => expect(readQuantity(value)).toBeNull());
});
