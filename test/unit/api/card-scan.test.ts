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

  it('takes eight times as long for eight times the hostile text, not sixty-four times', () => {
    const costOf = (size: number) => {
      const before = process.cpuUsage();
      findCardNumber({ a: '1 '.repeat(size), b: '1-'.repeat(size), c: '9'.repeat(2 * size) });
      const { user } = process.cpuUsage(before);
      return Math.max(user, 1_000);
    };
    costOf(20_000); // compiled from here on
    expect(costOf(160_000) / costOf(20_000)).toBeLessThan(32);
  });
});
