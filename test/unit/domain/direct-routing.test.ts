import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  candidateAfter,
  chooseCandidates,
  type DirectOption,
} from '../../../src/domain/subscription/direct-routing.ts';

const able = (provider: string): DirectOption => ({ provider, paymentMethodId: `pm_${provider}`, whyNot: null });
const unable = (provider: string, reason: 'not_configured' | 'unsupported' | 'unavailable'): DirectOption => ({
  ...able(provider),
  whyNot: { reason, because: 'so' },
});
const providersOf = ({ candidates }: ReturnType<typeof chooseCandidates>) => candidates.map(({ provider }) => provider);

describe('who begins a direct subscription', () => {
  it('follows routing’s order; whoever is not in it comes after, by name', () => {
    const options = [able('delta'), able('alpha'), able('beta')];
    expect(providersOf(chooseCandidates(options, ['beta'], true))).toEqual(['beta', 'alpha', 'delta']);
  });

  it('is only the first where no other may step in', () => {
    const choice = chooseCandidates([able('alpha'), able('beta')], ['beta', 'alpha'], false);
    expect(providersOf(choice)).toEqual(['beta']);
    expect(choice.skipped).toEqual([]);
  });

  it('passes over who cannot, and tells it of those that routing would have chosen before', () => {
    const options = [unable('alpha', 'unsupported'), able('beta'), unable('gamma', 'not_configured')];
    const choice = chooseCandidates(options, ['alpha', 'beta'], true);
    expect(providersOf(choice)).toEqual(['beta']);
    expect(choice.passedOver).toEqual([{ provider: 'alpha', reason: 'unsupported', because: 'so' }]);
    expect(choice.skipped.map(({ provider }) => provider)).toEqual(['alpha', 'gamma']);
  });

  it('is who has been failing rather than nobody', () => {
    const options = [unable('alpha', 'unavailable'), unable('beta', 'unsupported')];
    expect(providersOf(chooseCandidates(options, ['beta', 'alpha'], true))).toEqual(['alpha']);
    expect(providersOf(chooseCandidates([...options, able('gamma')], ['beta', 'alpha'], true))).toEqual(['gamma']);
  });

  it('says the same in whatever order the options come, and leaves nobody out unsaid', () => {
    const names = ['alpha', 'beta', 'gamma', 'delta'];
    const option = (provider: string) =>
      fc.constantFrom(
        able(provider),
        unable(provider, 'unsupported'),
        unable(provider, 'unavailable'),
        unable(provider, 'not_configured'),
      );
    fc.assert(
      fc.property(
        fc.tuple(...names.map(option)),
        fc.shuffledSubarray(names),
        fc.boolean(),
        (options, order, mayFallBack) => {
          const choice = chooseCandidates(options, order, mayFallBack);
          expect(chooseCandidates(options.toReversed(), order, mayFallBack)).toEqual(choice);
          const named = new Set([...providersOf(choice), ...choice.skipped.map(({ provider }) => provider)]);
          expect(named.size === names.length || !mayFallBack).toBe(true);
          for (const each of choice.passedOver) expect(order).toContain(each.provider);
        },
      ),
    );
  });
});

describe('who steps in', () => {
  const routing = {
    ...{ rule: 'r', policy: 'p', policyVersion: 1, skipped: [] },
    candidates: ['alpha', 'beta'].map((provider) => ({ provider, paymentMethodId: null })),
  };

  it.each([
    ['alpha', 'beta'],
    ['beta', undefined],
    ['gamma', undefined],
    [null, undefined],
  ])('for %s is %s', (provider, next) => {
    expect(candidateAfter(routing, provider)?.provider).toBe(next);
    expect(candidateAfter(null, provider)).toBeNull();
  });
});
