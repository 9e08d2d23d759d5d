import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agrees, plus, signOf } from '../../../../src/domain/usage/decimal.ts';

/** With its value in units of 10^-12, by the test's own means. */
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 12 }))
  .map(([units, scale]) => {
    const size = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
    const text = `${size.slice(0, size.length - scale)}${scale === 0 ? '' : `.${size.slice(-scale)}`}`;
    return { text: `${units < 0n ? '-' : ''}${text}`, value: units * 10n ** BigInt(12 - scale) };
  });

describe('decimals', () => {
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

  it.each(['1e3', 'NaN', '', '1,5', '0x10', ' 1'])('%j is none', (text) => {
    expect(() => plus(text, '0')).toThrow(SyntaxError);
  });

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
