import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agrees, minus, plus, signOf } from '../../../../src/domain/usage/decimal.ts';

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

/** With its value in units of 10^-12, by the test's own means. */
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 12 }))
  .map(([units, scale]) => {
    const size = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
    const text = `${size.slice(0, size.length - scale)}${scale === 0 ? '' : `.${size.slice(-scale)}`}`;
    return { text: `${units < 0n ? '-' : ''}${text}`, value: units * 10n ** BigInt(12 - scale) };
  });

describe('sums of decimals', () => {
  it('add exactly, in any order, and undo each other', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(plus(a.text, b.text)).toBe(plus(b.text, a.text));
        const minusB = b.text.startsWith('-') ? b.text.slice(1) : `-${b.text}`;
        expect(plus(plus(a.text, b.text), minusB)).toBe(plus(a.text, '0'));
        expect(signOf(plus(a.text, b.text))).toBe(Number(a.value + b.value > 0n) - Number(a.value + b.value < 0n));
      }),
    );
  });

  it.each([
    ['0.1', '0.2', '0.3'],
    ['10', '-10.00', '0'],
    ['99999999999999999999', '0.000000000001', '99999999999999999999.000000000001'],
    ['-0.5', '0.25', '-0.25'],
  ])('%s and %s are %s', (a, b, sum) => expect(plus(a, b)).toBe(sum));

  it.each([
    ['3', '3.0', true],
    ['3', '2.9999999999999996', true],
    ['0.3', '0.30000000000000004', true],
    ['0', '0.0000000000000001', true],
    ['3', '4', false],
    ['10000000001', '10000000000', false],
    ['1234567.5', '1234567.6', false],
    ['0.1', '0', false],
  ])('a provider that says %s as %s: %s', (ours, theirs, expected) => {
    expect(agrees(ours, theirs)).toBe(expected);
  });
});
