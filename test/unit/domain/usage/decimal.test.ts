import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minus, plus, signOf } from '../../../../src/domain/usage/decimal.ts';

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
    expect(minus(left, right)).toBe(difference);
  });

  it.each(['', 'NaN', 'Infinity', '1,5', '0x10', '.5', '--1'])('refuse %j', (text) => {
    expect(() => minus(text, '0')).toThrow(SyntaxError);
  });

  const decimals = fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat({ max: 999_999_999_999 }))
    .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(12, '0')}`);

  it('are the same again when what was taken away is put back', () => {
    fc.assert(
      fc.property(decimals, decimals, (left, right) => {
        const difference = minus(left, right);
        expect(minus(plus(difference, right), left)).toBe('0');
        expect(signOf(minus(right, left))).toBe(-signOf(difference) || 0);
      }),
    );
  });
});
