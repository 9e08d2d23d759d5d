import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, subtractDecimals } from '../../../../src/domain/usage/decimal.ts';

describe('decimals', () => {
  it.each([
    ['0.3', '0.1', '0.2'],
    ['10000', '9999.999999999999', '0.000000000001'],
    ['1', '1.000', '0'],
    ['0', '0.5', '-0.5'],
    ['-3', '-1.25', '-1.75'],
    ['99999999999999999999.999999999999', '0.999999999999', '99999999999999999999'],
    ['1e21', '1', '999999999999999999999'],
    ['1e-7', '0', '0.0000001'],
    ['1.5E+3', '0', '1500'],
  ])('%s less %s is %s, exactly', (left, right, difference) => {
    expect(subtractDecimals(left, right)).toBe(difference);
  });

  it.each(['', 'NaN', 'Infinity', '1,5', '0x10', '.5', '--1'])('refuse %j', (text) => {
    expect(() => compareDecimals(text, '0')).toThrow(RangeError);
  });

  const decimals = fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat({ max: 999_999_999_999 }))
    .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(12, '0')}`);

  it('are ordered as their difference says, and a difference put back gives the first', () => {
    fc.assert(
      fc.property(decimals, decimals, (left, right) => {
        const difference = subtractDecimals(left, right);
        const sign = difference === '0' ? 0 : difference.startsWith('-') ? -1 : 1;
        expect(compareDecimals(left, right)).toBe(sign);
        expect(compareDecimals(subtractDecimals(left, difference), right)).toBe(0);
        expect(subtractDecimals(right, left)).toBe(
          difference === '0' ? '0' : sign < 0 ? difference.slice(1) : `-${difference}`,
        );
      }),
    );
  });
});
