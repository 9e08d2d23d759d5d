import type { SubscriptionAbilities } from '../../../src/domain/routing/abilities.ts';
import type { ChangeWish } from '../../../src/domain/subscription/change-plan.ts';
import type { Means, PresentSubscription } from '../../../src/domain/subscription/operation-plan.ts';

export const periodEnd = '2027-03-31T12:00:00.000Z';
export const hourBefore = '2027-03-31T11:00:00.000Z';

/** `pro`, monthly, 29.00, in the middle of a paid period. */
export function aSubscription(changes: Partial<PresentSubscription> = {}): PresentSubscription {
  return {
    status: 'active',
    collection: 'provider',
    planId: 'pro',
    priceId: 'pro_monthly',
    unitAmountMinor: 2_900,
    billingInterval: 'monthly',
    quantity: 1,
    currentPeriodEnd: periodEnd,
    trialEnd: null,
    cancelAtPeriodEnd: false,
    hasOpenVoucher: false,
    voucherLeadDays: 5,
    waiting: { cancel: null, pause: null, change: null },
    ...changes,
  };
}

const prices = {
  free: { planId: 'free', priceId: 'free_monthly', unitAmountMinor: 0, billingInterval: 'monthly' },
  pro: { planId: 'pro', priceId: 'pro_monthly', unitAmountMinor: 2_900, billingInterval: 'monthly' },
  proYearly: { planId: 'pro', priceId: 'pro_yearly', unitAmountMinor: 29_000, billingInterval: 'yearly' },
  enterprise: { planId: 'ent', priceId: 'ent_monthly', unitAmountMinor: 19_900, billingInterval: 'monthly' },
  starter: { planId: 'starter', priceId: 'starter_monthly', unitAmountMinor: 900, billingInterval: 'monthly' },
} as const;

export function aWish(to: keyof typeof prices, more: Partial<ChangeWish> = {}): ChangeWish {
  return { ...prices[to], quantity: 1, when: null, proration: null, ...more };
}

/** Can everything that a provider may be able to do. */
export const everything: SubscriptionAbilities = {
  cancel: ['now', 'period_end'],
  undoCancel: true,
  pause: ['now', 'period_end'],
  pauseUntil: true,
  change: { plan: ['now', 'period_end'], interval: ['now', 'period_end'], quantity: ['now', 'period_end'] },
  proration: ['immediate', 'next_invoice', 'none'],
  preview: true,
  moveTrialEnd: true,
  renews: true,
};

/** Can do what it does at once, and settles nothing. */
export const atOnce: SubscriptionAbilities = {
  ...everything,
  cancel: ['now'],
  undoCancel: false,
  pause: ['now'],
  pauseUntil: false,
  change: { plan: ['now'], interval: ['now'], quantity: [] },
  proration: ['none'],
  preview: false,
};

export function means(abilities: SubscriptionAbilities | null, more: Partial<Means> = {}): Means {
  return { abilities, canCreate: true, canResume: true, canCancelChange: true, ...more };
}
