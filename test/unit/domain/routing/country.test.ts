import { describe, expect, it } from 'vitest';
import { findBlock, overlayBlocked, type BlockedCountry } from '../../../../src/domain/routing/country.ts';

const since = '2026-11-21';
const shipped: readonly BlockedCountry[] = [
  { country: 'KP', regions: null, since, reason: 'Embargo.' },
  { country: 'UA', regions: ['43', '09'], names: ['crimea', 'крим', 'luhansk'], since, reason: 'Embargo.' },
];

describe('findBlock', () => {
  it.each([
    ['KP', null],
    ['KP', 'anywhere'],
    ['UA', '43'],
    ['UA', ' ua-43 '],
    ['UA', '09'],
    ['UA', 'Autonomous Republic of Crimea'],
    ['UA', 'Автономна Республіка Крим'],
    ['UA', 'Luhánsk Oblast'],
  ])('blocks %s, %s', (country, region) => {
    expect(findBlock(shipped, country, region)?.country).toBe(country);
  });

  it.each([
    [null, null],
    [null, '43'],
    ['UA', null],
    ['UA', ''],
    ['UA', '30'],
    ['UA', 'Kyiv'],
    ['US', '43'],
    ['US', 'Crimea'],
  ])('lets %s, %s buy', (country, region) => {
    expect(findBlock(shipped, country, region)).toBeNull();
  });
});

describe('overlayBlocked', () => {
  const own = (country: string, isBlocked: boolean, regions: readonly string[] | null = null) => ({
    ...{ country, isBlocked, regions, since, reason: 'Ours.' },
  });

  it('adds, frees and replaces by country', () => {
    const list = overlayBlocked(shipped, [own('BR', true), own('KP', false), own('UA', true, ['14'])]);
    expect(list.map(({ country, regions }) => ({ country, regions }))).toEqual([
      { country: 'BR', regions: null },
      { country: 'UA', regions: ['14'] },
    ]);
    expect(overlayBlocked(shipped, [])).toEqual(shipped);
  });
});
