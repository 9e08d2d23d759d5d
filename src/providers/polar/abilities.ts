import type { ProviderAbilities } from '../../domain/routing/abilities.ts';

/** Bank methods are one-time and euro or zloty only (docs, 2026-08). */
export const POLAR_METHODS: ProviderAbilities['paymentMethods'] = [
  { method: 'card', modes: ['payment', 'subscription'] },
  { method: 'apple_pay', modes: ['payment', 'subscription'] },
  { method: 'google_pay', modes: ['payment', 'subscription'] },
  { method: 'ideal', modes: ['payment'], currencies: ['EUR'], countries: ['NL'] },
  { method: 'bancontact', modes: ['payment'], currencies: ['EUR'], countries: ['BE'] },
  { method: 'eps', modes: ['payment'], currencies: ['EUR'], countries: ['AT'] },
  { method: 'bizum', modes: ['payment'], currencies: ['EUR'], countries: ['ES'] },
  { method: 'p24', modes: ['payment'], currencies: ['EUR', 'PLN'], countries: ['PL'] },
  { method: 'blik', modes: ['payment'], currencies: ['PLN'], countries: ['PL'] },
];

/** What an anonymised customer leaves behind (Polar docs, "Delete a customer", August 2026). */
export const POLAR_RETAINS: readonly string[] = [
  'Orders and invoices, kept by Polar as the seller of record for as long as tax law asks.',
  'The tax id, where one was given, and with it the billing name.',
  'Our own id of the customer, in the metadata of the anonymised record.',
];

export const polarAbilities: ProviderAbilities = {
  merchantOfRecord: true,
  countries: { except: ['CU', 'IR', 'KP', 'RU', 'SY'] },
  // Minor units unproven at Polar: its own list of zero-decimal currencies differs from ISO's for the first two.
  currencies: { except: ['ISK', 'UGX', 'BHD', 'JOD', 'KWD', 'OMR', 'TND'] },
  paymentMethods: POLAR_METHODS,
  modes: ['payment', 'subscription'],
  features: {
    // Only seat- and unit-based products count; what we push has one fixed price.
    quantity: [],
    discountCode: ['payment', 'subscription'],
    trialDays: ['subscription'],
    voucherExpiry: [],
    embed: ['payment', 'subscription'],
  },
  requires: [],
  needsProviderPrice: ['payment', 'subscription'],
  subscriptions: {
    cancel: ['now', 'period_end'],
    undoCancel: true,
    pause: ['period_end'],
    pauseUntil: true,
    change: {
      plan: ['now', 'period_end'],
      interval: ['now', 'period_end'],
      // As `features.quantity`: a product made by hand with seats or units can be changed all the same.
      quantity: [],
    },
    // Never without charging the difference, unless at the period's end, where there is none.
    proration: ['immediate', 'next_invoice'],
    preview: false,
    moveTrialEnd: true,
    renews: true,
  },
  retains: POLAR_RETAINS,
};
