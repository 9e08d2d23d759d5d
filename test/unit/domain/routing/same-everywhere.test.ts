import { expect, it } from 'vitest';
import { digestSeries, knownDigest } from '../../../../bench/routing/questions.ts';

it('answers a seeded series of requests the same on every machine, in every run', () => {
  expect(digestSeries()).toEqual(knownDigest);
  expect(digestSeries()).toEqual(knownDigest);
});
