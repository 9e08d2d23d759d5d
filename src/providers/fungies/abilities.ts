import type { ProviderAbilities } from '../../domain/routing/abilities.ts';
import { fungiesRetains } from './customer-data.ts';

export const fungiesAbilities: ProviderAbilities = {
  merchantOfRecord: true,
  // Unpublished: the countries that no merchant of record of ours serves.
  countries: { except: ['CU', 'IR', 'KP', 'SY', 'RU'] },
  currencies: { except: [] },
  paymentMethods: [{ method: 'card', modes: ['payment', 'subscription'] }],
  modes: ['payment', 'subscription'],
  features: {
    quantity: ['payment'],
    discountCode: ['payment', 'subscription'],
    // Trials belong to the offer.
    trialDays: [],
    voucherExpiry: [],
    embed: [],
  },
  requires: ['email'],
  needsProviderPrice: ['payment', 'subscription'],
  subscriptions: {
    cancel: ['now', 'period_end'],
    undoCancel: false,
    pause: ['now'],
    pauseUntil: true,
    change: { plan: ['now'], interval: ['now'], quantity: ['now'] },
    proration: ['none'],
    preview: false,
    moveTrialEnd: false,
    renews: true,
  },
  retains: fungiesRetains,
};
