import type { ProviderAbilities } from '../../domain/routing/abilities.ts';
import { stripeMethods } from './method-table.ts';

export const stripeAbilities: ProviderAbilities = {
  merchantOfRecord: false,
  // Comprehensively embargoed. Further refusals (regions of UA, and others by policy) are the operator's data.
  countries: { except: ['CU', 'IR', 'KP'] },
  currencies: { except: [] },
  paymentMethods: stripeMethods,
  modes: ['payment', 'subscription', 'setup'],
  features: {
    quantity: ['payment', 'subscription'],
    discountCode: ['payment', 'subscription'],
    trialDays: ['subscription'],
    // Whole days for OXXO, nothing for transfers: a wish is met only roughly.
    voucherExpiry: [],
    embed: [],
  },
  requires: [],
  needsProviderPrice: [],
  subscriptions: {
    cancel: ['now', 'period_end'],
    undoCancel: true,
    // `pause_collection` begins at once.
    pause: ['now'],
    pauseUntil: true,
    change: {
      plan: ['now', 'period_end'],
      interval: ['now', 'period_end'],
      quantity: ['now', 'period_end'],
    },
    proration: ['immediate', 'next_invoice', 'none'],
    preview: true,
    moveTrialEnd: true,
    renews: true,
  },
  retains: [
    'payments, invoices, refunds and disputes with the names and addresses they were made out to, for as long as the law on accounts and on money laundering asks',
    'the deleted customer’s id, so that those records stay whole',
    'what Stripe keeps of a buyer in its own right (fraud signals, Link), which is asked for at Stripe',
  ],
};
