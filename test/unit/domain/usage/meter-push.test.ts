import { describe, expect, it } from 'vitest';
import {
  meterPush,
  providerAggregation,
  providerProperty,
  type MeterPushFacts,
} from '../../../../src/domain/usage/meter-push.ts';

const inStep: MeterPushFacts = {
  ...{ aggregation: 'sum', isActive: true, supported: ['sum', 'last'], isMapped: true, isThere: true },
};

describe('a push of one meter', () => {
  it.each<[string, Partial<MeterPushFacts>, string, string]>([
    ['is in step', {}, 'none', 'in step'],
    ['was never made', { isMapped: false, isThere: false }, 'create', 'never pushed'],
    ['was removed there', { isThere: false }, 'create', 'no longer'],
    ['is archived here', { isActive: false, isMapped: false }, 'none', 'archived'],
    ['counts, which is told as sums', { aggregation: 'count', isMapped: false }, 'create', 'never pushed'],
    ['takes the largest, which is not offered there', { aggregation: 'max' }, 'not_supported', 'by max'],
    ['goes where there are no meters', { supported: null }, 'not_supported', 'no meters'],
  ])('that %s', (_what, facts, action, because) => {
    const decided = meterPush({ ...inStep, ...facts });
    expect(decided.action).toBe(action);
    expect(decided.because).toContain(because);
  });
});

it('tells different values one by one, everything else as a quantity', () => {
  expect((['sum', 'count', 'max', 'last', 'unique'] as const).map(providerProperty)).toEqual([
    ...['quantity', 'quantity', 'quantity', 'quantity', 'value'],
  ]);
  expect((['sum', 'count', 'max', 'last', 'unique'] as const).map(providerAggregation)).toEqual([
    ...['sum', 'sum', 'max', 'last', 'unique'],
  ]);
});
