import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountText } from '../../../src/present/amount-text.ts';

describe('an amount as text', () => {
  it.each([
    [129900, 'MXN', 'es-MX', '1,299.00 MXN'],
    [129900, 'EUR', 'es-ES', '1.299,00 EUR'],
    [500, 'JPY', 'en-US', '500 JPY'],
    [1234567, 'JPY', 'en-US', '1,234,567 JPY'],
    [12345, 'KWD', 'en-US', '12.345 KWD'],
    [5, 'KWD', 'en-US', '0.005 KWD'],
    [5, 'USD', 'en-US', '0.05 USD'],
    [0, 'USD', 'en-US', '0.00 USD'],
    [-4900, 'USD', 'en-US', '-49.00 USD'],
    [Number.MAX_SAFE_INTEGER, 'USD', 'en-US', '90,071,992,547,409.91 USD'],
  ])('writes %i %s for %s as %s', (amount, currency, locale, expected) => {
    expect(amountText(amount, currency, locale)).toBe(expected);
  });

  it('loses no digit of any safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom('USD', 'JPY', 'KWD', 'MXN'), (amount, currency) => {
        const digits = amountText(amount, currency, 'en-US').replaceAll(/[^0-9-]/g, '');
        expect(Number(digits)).toBe(amount);
      }),
    );
  });
});
