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
};
