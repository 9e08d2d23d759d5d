import { describe, expect, it } from 'vitest';
import { countryCodes } from '../../../src/domain/routing/country-codes.ts';
import {
  chooseCountry,
  countrySources,
  normalizeCountry,
  type EvidencePiece,
} from '../../../src/domain/routing/country.ts';

const piece = (source: EvidencePiece['source'], country: string | null): EvidencePiece => ({
  ...{ source, country },
  note: 'for people',
});

describe('a country code', () => {
  it('is one of the 249 of the standard, or Kosovo', () => {
    expect(countryCodes.size).toBe(250);
    for (const code of countryCodes) expect(normalizeCountry(code)).toBe(code);
  });

  it.each([' de ', 'De', 'DE'])('%j is read as DE', (raw) => expect(normalizeCountry(raw)).toBe('DE'));

  it.each([
    '',
    'XX',
    'T1',
    'ZZ',
    'EU',
    'AP',
    'A1',
    'A2',
    'UK',
    'UN',
    'SU',
    'AN',
    'QQ',
    'D',
    'DEU',
    '276',
    'Germany',
    null,
  ])('%j names no country', (raw) => expect(normalizeCountry(raw)).toBeNull());
});

describe('the best evidence', () => {
  const best = ['billing_address', 'request', 'profile', 'cdn_header', 'ip', 'ip_service'] as const;

  it('is the first source that names a country, in whatever order they come', () => {
    expect(countrySources).toEqual([...best, 'none']);
    for (const [index, source] of best.entries()) {
      const silent = best.slice(0, index).map((better) => piece(better, null));
      const worse = best.slice(index + 1).map((later) => piece(later, 'US'));
      expect(chooseCountry([...worse, piece(source, 'MX'), ...silent])).toEqual({ country: 'MX', source });
    }
  });

  it('is nobody when nobody knows', () => {
    const none = { country: null, source: 'none' };
    expect(chooseCountry([])).toEqual(none);
    expect(chooseCountry(best.map((source) => piece(source, null)))).toEqual(none);
  });
});
