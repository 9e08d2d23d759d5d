import type { ProviderAbilities } from '../../domain/routing/abilities.ts';

const EUR = ['EUR'];
const MXN = ['MXN'];

export const stripeAbilities: ProviderAbilities = {
  merchantOfRecord: false,
  // Comprehensively embargoed. Further refusals (regions of UA, and others by policy) are the operator's data.
  countries: { except: ['CU', 'IR', 'KP'] },
  currencies: { except: [] },
  paymentMethods: [
    { method: 'card', modes: ['payment', 'subscription', 'setup'] },
    { method: 'link', modes: ['payment', 'subscription', 'setup'] },
    { method: 'apple_pay', modes: ['payment', 'subscription', 'setup'] },
    { method: 'google_pay', modes: ['payment', 'subscription', 'setup'] },
    { method: 'ach', modes: ['payment', 'subscription', 'setup'], currencies: ['USD'], countries: ['US'] },
    { method: 'sepa', modes: ['payment', 'subscription', 'setup'], currencies: EUR },
    { method: 'ideal', modes: ['payment', 'subscription'], currencies: EUR, countries: ['NL'] },
    { method: 'bancontact', modes: ['payment', 'subscription'], currencies: EUR, countries: ['BE'] },
    { method: 'oxxo', modes: ['payment'], currencies: MXN, countries: ['MX'] },
    { method: 'spei', modes: ['payment'], currencies: MXN, countries: ['MX'] },
  ],
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
};
