import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assign,
  billerOf,
  billerOfItem,
  openBillMs,
  type BillingCandidate,
  type UsageTerms,
} from '../../../../src/domain/usage/biller.ts';
import { providerAggregation } from '../../../../src/domain/usage/meter-push.ts';
import { aggregations, hourMs } from '../../../../src/domain/usage/meter.ts';

const nowMs = Date.parse('2026-11-22T10:00:00Z');
const dayMs = 24 * hourMs;

const aCandidate = (changes: Partial<BillingCandidate> = {}): BillingCandidate => ({
  ...{ provider: 'acme', providerCustomerId: 'cus_1', isEntitling: true, endedAtMs: null },
  ...{ periodStartMs: nowMs - dayMs, createdAtMs: nowMs - 30 * dayMs, ...changes },
});

describe('who bills', () => {
  const old = aCandidate({ provider: 'old', createdAtMs: 1 });
  const young = aCandidate({ provider: 'young', createdAtMs: 2 });
  const overdue = aCandidate({ provider: 'overdue', isEntitling: false, createdAtMs: 3 });
  const justEnded = aCandidate({ provider: 'ended', isEntitling: false, endedAtMs: nowMs - openBillMs + 1 });
  const longEnded = aCandidate({ provider: 'past', isEntitling: false, endedAtMs: nowMs - openBillMs });
  const free = aCandidate({ provider: null, createdAtMs: 9 });

  it.each([
    ['the newest that entitles', [old, young, overdue, justEnded], 'young'],
    ['one that lives, where none entitles', [overdue, justEnded, longEnded], 'overdue'],
    ['one whose last bill is open', [justEnded, longEnded], 'ended'],
    ['nobody, an hour later', [longEnded], undefined],
    ['a paid one beside a free one', [free, old], 'old'],
    ['nobody of a free plan', [free], undefined],
    ['nobody without any', [], undefined],
  ])('is %s', (_name, candidates, expected) => {
    expect(billerOf(candidates, nowMs)?.provider).toBe(expected);
    expect(billerOf(candidates.toReversed(), nowMs)?.provider).toBe(expected);
  });
});

describe('who is told of a correction', () => {
  const biller = billerOf([aCandidate()], nowMs);
  const same = { provider: 'acme', providerCustomerId: 'cus_1' };

  it.each([
    ['who bills, where nobody was told', null, biller],
    ['who bills, who was told', same, biller],
    [
      'the customer that was told',
      { ...same, providerCustomerId: 'cus_0' },
      { ...same, providerCustomerId: 'cus_0', periodStartMs: null },
    ],
    ['the provider that was told', { ...same, provider: 'old' }, { ...same, provider: 'old', periodStartMs: null }],
  ])('is %s', (_name, told, expected) => expect(billerOfItem(biller, told)).toEqual(expected));

  it('is who was told, though nobody bills by now', () => {
    expect(billerOfItem(null, same)).toEqual({ ...same, periodStartMs: null });
  });
});

describe('an item', () => {
  const biller = billerOf([aCandidate()], nowMs);
  const terms: UsageTerms = { aggregations: ['sum', 'count', 'last'], maxAgeMs: 35 * dayMs, billedBy: 'timestamp' };
  const item = { aggregation: 'sum' as const, bucketMs: nowMs - hourMs, occurredAtMs: nowMs - hourMs, nowMs };
  const oldMs = nowMs - 2 * dayMs;

  it.each([
    ['of nobody is not billed', { biller: null, terms }, 'not_billed'],
    ['of a provider without meters is not supported', { biller, terms: null }, 'not_supported_by_provider'],
    [
      'of a stranger there is refused',
      { biller: biller && { ...biller, providerCustomerId: null } },
      'customer_unknown',
    ],
    ['that cannot be counted there is refused', { aggregation: 'max' as const }, 'aggregation_not_supported'],
    ['too old for the provider is late', { occurredAtMs: nowMs - 35 * dayMs }, 'too_late'],
    ['of a period that is billed is late', { bucketMs: oldMs }, 'too_late'],
  ])('%s', (_name, changes, code) => {
    expect(assign({ biller, terms, ...item, ...changes })).toMatchObject({ status: 'rejected', code });
  });

  it.each([
    ['of the running period', {}],
    [
      'of the last period, whose bill is open',
      { biller: biller && { ...biller, periodStartMs: nowMs - openBillMs + 1 }, bucketMs: oldMs },
    ],
    [
      'of any period, where what arrives is billed',
      { terms: { ...terms, billedBy: 'receipt' as const }, bucketMs: oldMs },
    ],
    ['whose period is unknown', { biller: biller && { ...biller, periodStartMs: null }, bucketMs: oldMs }],
    [
      'of a count, which is told as a sum',
      { aggregation: 'count' as const, terms: { ...terms, aggregations: ['sum' as const] } },
    ],
  ])('%s is told', (_name, changes) => {
    expect(assign({ biller, terms, ...item, ...changes })).toEqual({
      ...{ status: 'pending', provider: 'acme', providerCustomerId: 'cus_1' },
    });
  });

  it('is told of only what its provider counts, whatever else holds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...aggregations),
        fc.subarray([...aggregations]),
        fc.option(fc.integer({ min: 0, max: 400 * dayMs }), { nil: null }),
        fc.constantFrom('timestamp' as const, 'receipt' as const),
        fc.integer({ min: 0, max: 400 * dayMs }),
        (aggregation, able, maxAgeMs, billedBy, ageMs) => {
          const atMs = nowMs - ageMs;
          const given = assign({
            ...{ biller, aggregation, nowMs, bucketMs: atMs, occurredAtMs: atMs },
            terms: { aggregations: able, maxAgeMs, billedBy },
          });
          if (given.status === 'rejected') return;
          expect(able).toContain(providerAggregation(aggregation));
          expect(maxAgeMs === null || ageMs <= maxAgeMs).toBe(true);
          expect(billedBy === 'receipt' || ageMs <= dayMs).toBe(true);
        },
      ),
    );
  });
});
