import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketCount, bucketOf } from '../../../../src/domain/routing/bucket.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import { route } from '../../../../src/domain/routing/route.ts';
import { abilities, aPolicy, aRequest, factsOf } from './worlds.ts';

const facts = factsOf(abilities);
const isTaken = (percent: number, organizationId: string) =>
  route(
    aRequest({ organizationId }),
    compilePolicy(aPolicy([{ id: 'share', when: { percent }, provider: 'seller' }])),
    facts,
  ).rule === 'share';
const anId = fc.oneof(fc.uuid(), fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/));

describe('the bucket of an organization', () => {
  it('is one of 10,000, and always the same', () => {
    fc.assert(
      fc.property(anId, anId, (project, organization) => {
        const bucket = bucketOf(project, organization);
        expect(bucket).toBe(bucketOf(project, organization));
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < bucketCount).toBe(true);
      }),
    );
  });

  it('is what it was when rollouts began: nobody changes sides with a release', () => {
    expect(['org_1', 'org_2', 'acme', 'ñandú'].map((id) => bucketOf('default', id))).toEqual([1095, 7703, 9030, 5956]);
  });

  it.each([
    ['counted ids', (index: number) => `org_${index}`],
    ['padded ids', (index: number) => String(index).padStart(32, '0')],
    ['scattered ids', (index: number) => Math.imul(index + 1, 0x9e3779b1).toString(16)],
  ])('is spread evenly over %s', (_, idOf) => {
    const cells = 100;
    const count = 100_000;
    const seen = Array.from({ length: cells }, () => 0);
    for (let index = 0; index < count; index += 1) {
      const cell = Math.floor((bucketOf('default', idOf(index)) * cells) / bucketCount);
      seen[cell] = (seen[cell] ?? 0) + 1;
    }
    const mean = count / cells;
    const chiSquare = seen.reduce((sum, each) => sum + (each - mean) ** 2 / mean, 0);
    // 99 degrees of freedom: one even hash in 100,000 exceeds this.
    expect(chiSquare).toBeLessThan(170);
  });

  it('says nothing of the one in another project', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `org_${index}`);
    const both = ids.filter((id) => bucketOf('a', id) < 1_000 && bucketOf('b', id) < 1_000).length;
    // 200 expected; five standard deviations.
    expect(Math.abs(both - 200)).toBeLessThan(71);
  });
});

describe('a percentage', () => {
  it.each([0.5, 1, 10, 33.33, 50, 99])('of %d takes that share of organizations', (percent) => {
    const count = 20_000;
    let taken = 0;
    for (let index = 0; index < count; index += 1) if (bucketOf('default', `o${index}`) < percent * 100) taken += 1;
    const share = percent / 100;
    const deviation = Math.sqrt(count * share * (1 - share));
    expect(Math.abs(taken - count * share)).toBeLessThan(5 * deviation);
  });

  it('takes exactly those whose bucket is below it', () => {
    fc.assert(
      fc.property(anId, fc.integer({ min: 0, max: bucketCount }), (id, hundredths) => {
        expect(isTaken(hundredths / 100, id)).toBe(bucketOf('default', id) < hundredths);
      }),
    );
  });

  it('loses nobody when it is raised', () => {
    fc.assert(
      fc.property(anId, fc.nat(bucketCount), fc.nat(bucketCount), (id, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        expect(isTaken(low / 100, id) && !isTaken(high / 100, id)).toBe(false);
      }),
    );
  });
});
