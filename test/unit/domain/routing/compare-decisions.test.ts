import { expect, it } from 'vitest';
import { compareDecisions, type PastDecision } from '../../../../src/domain/routing/compare-decisions.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import type { RouteRequest } from '../../../../src/domain/routing/route.ts';
import { abilities, aPolicy, aRequest } from './worlds.ts';

const fine = { isConfigured: true, isSellable: true, isAvailable: true };
const past = (
  checkoutId: string,
  changes: Partial<RouteRequest>,
  known = { seller: fine, universal: fine },
): PastDecision => ({
  ...{ checkoutId, rule: 'old', provider: 'seller' },
  asked: { request: aRequest(changes), providers: known },
});
const policy = compilePolicy(
  aPolicy([
    { id: 'large', when: { amount_minor: { currency: 'USD', min: 10_000 } }, provider: 'universal' },
    { id: 'rest', when: {}, provider: 'seller' },
  ]),
);

it('asks a policy again what was asked before, and groups where it leads', () => {
  const comparison = compareDecisions(policy, abilities);
  const large = { amount: { amountMinor: 10_000, currency: 'USD' } };
  comparison.add([past('chk_5', large), past('chk_4', {}), { ...past('chk_3', {}), asked: null }]);
  comparison.add([past('chk_2', large), past('chk_1', { amount: { amountMinor: 7, currency: 'EUR' } })]);
  expect(comparison.result()).toMatchObject({
    ...{ compared: 4, unasked: 1, moved: 2, unserved: 0 },
    shifts: [
      {
        ...{ from: { provider: 'seller', rule: 'old' }, to: { provider: 'universal', rule: 'large' }, isMoved: true },
        ...{ count: 2, share: 0.5, amounts: { USD: 20_000 }, examples: ['chk_5', 'chk_2'] },
      },
      { to: { provider: 'seller', rule: 'rest' }, isMoved: false, count: 2, amounts: { USD: 4900, EUR: 7 } },
    ],
  });
});

it('takes each provider as it was then: one that was not there serves nobody', () => {
  const comparison = compareDecisions(policy, abilities);
  comparison.add([
    past('chk_1', {}, { seller: { ...fine, isAvailable: false }, universal: { ...fine, isConfigured: false } }),
  ]);
  expect(comparison.result()).toMatchObject({
    moved: 1,
    unserved: 1,
    shifts: [{ to: { provider: null, rule: 'rest' } }],
  });
});
