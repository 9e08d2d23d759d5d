import { describe, expect, it } from 'vitest';
import { planPush, type PushFacts } from '../../../src/domain/plan-push.ts';

const amount = { amountMinor: 2_900, currency: 'USD' };
const inStep: PushFacts = {
  ...{ unitAmount: amount, billingInterval: 'monthly', isActive: true, fingerprint: 'a', pushedFingerprint: 'a' },
  ...{ isMapped: true, theirs: { unitAmount: amount, billingInterval: 'monthly', isActive: true } },
};
const theirs = (more: Partial<NonNullable<PushFacts['theirs']>>) => ({
  theirs: { unitAmount: amount, billingInterval: 'monthly' as const, isActive: true, ...more },
});

describe('a push of one price', () => {
  it.each<[string, Partial<PushFacts>, string]>([
    ['is in step', {}, 'none'],
    ['was never made', { isMapped: false, theirs: null, pushedFingerprint: null }, 'create'],
    ['was deleted there', { theirs: null }, 'create'],
    ['has a new name', { fingerprint: 'b' }, 'update'],
    ['was archived there', theirs({ isActive: false }), 'update'],
    ['is no longer sold here', { isActive: false }, 'update'],
    ['is sold on neither side', { isActive: false, ...theirs({ isActive: false }) }, 'none'],
    ['is not sold and was never pushed', { isActive: false, isMapped: false, theirs: null }, 'none'],
    ['costs something else there', theirs({ unitAmount: { amountMinor: 3_000, currency: 'USD' } }), 'conflict'],
    ['is charged in another currency there', theirs({ unitAmount: { ...amount, currency: 'EUR' } }), 'conflict'],
    ['is charged at another interval there', theirs({ billingInterval: 'yearly' }), 'conflict'],
    ['is free', { unitAmount: { ...amount, amountMinor: 0 } }, 'not_sold'],
  ])('that %s', (_what, facts, action) => {
    expect(planPush({ ...inStep, ...facts }).action).toBe(action);
  });
});
