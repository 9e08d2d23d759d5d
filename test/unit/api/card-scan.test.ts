import { describe, expect, it } from 'vitest';
import { findCardNumber } from '../../../src/api/card-scan.ts';

describe('the card scan', () => {
  it.each([
    '4242424242424242',
    '4242 4242 4242 4242',
    '4242-4242-4242-4242',
    '4242.4242.4242.4242',
    '4242 - 4242 - 4242 - 4242',
    '3782 822463 10005',
    '36227206271667',
    '6011111111111117',
    'card: 5555555555554444, thanks',
    '5555555555554444 12/29 123',
    '(4242424242424242)',
    '4242424242424242.',
    '４２４２４２４２４２４２４２４２',
    '+4242424242424242',
  ])('finds %s', (text) => {
    expect(findCardNumber({ metadata: { note: text } })).toBe('/metadata/note');
  });

  it('finds numbers, names of fields, and list entries', () => {
    expect(findCardNumber({ a: 4242424242424242 })).toBe('/a');
    expect(findCardNumber({ '4242424242424242': 'x' })).toBe('/');
    expect(findCardNumber({ list: [{ 'a/b': '4242424242424242' }] })).toBe('/list/0/a~1b');
  });

  it.each([
    '4242424242424241', // fails the check
    '424242424242', // too short
    '42424242424242424242', // too long
    'chk_019ab2c4242424242424242',
    'tok_4242424242424242',
    'org-4242424242424242',
    '4242424242424242abc',
    '550e8400-e29b-41d4-a716-446655440000',
    '4242-4242-4242-4242-x',
    '1763726010003', // a time in milliseconds that passes the check
    '20261121120008', // a compact date that passes the check
    '2026-11-21T11:53:30.000Z',
    'https://app.example/ok?c={CHECKOUT_ID}',
  ])('lets %s pass', (text) => {
    expect(findCardNumber({ metadata: { note: text } })).toBeNull();
  });

  it('lets an international phone number pass in its own field only', () => {
    // 13 digits that pass the check by chance.
    expect(findCardNumber({ phone: '+5215512345671' })).toBeNull();
    expect(findCardNumber({ phone: '+4242424242424242' })).toBe('/phone');
  });

  it('stays fast on hostile text', () => {
    const startedAt = performance.now();
    findCardNumber({ a: '1 '.repeat(100_000), b: '1-'.repeat(100_000), c: '9'.repeat(200_000) });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });
});
