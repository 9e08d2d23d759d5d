import type { ProviderAbilities } from '../../domain/routing/abilities.ts';

export const conektaAbilities: ProviderAbilities = {
  merchantOfRecord: false,
  countries: { only: ['MX'] },
  currencies: { only: ['MXN'] },
  paymentMethods: [
    { method: 'card', modes: ['payment', 'subscription'] },
    { method: 'oxxo', modes: ['payment'], currencies: ['MXN'], countries: ['MX'] },
    { method: 'cash', modes: ['payment'], currencies: ['MXN'], countries: ['MX'] },
    { method: 'spei', modes: ['payment'], currencies: ['MXN'], countries: ['MX'] },
  ],
  modes: ['payment', 'subscription'],
  features: {
    quantity: ['payment'],
    discountCode: [],
    // Trials belong to the plan; a checkout cannot choose its own.
    trialDays: [],
    voucherExpiry: ['payment'],
    embed: [],
  },
  requires: ['email', 'name', 'phone'],
  needsProviderPrice: ['subscription'],
};
