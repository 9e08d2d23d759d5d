import type { ProviderAbilities } from '../../domain/routing/abilities.ts';
import { conektaRetains } from './customer-data.ts';

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
  subscriptions: {
    cancel: ['now'],
    undoCancel: false,
    pause: ['now'],
    pauseUntil: false,
    // Another plan, whatever its interval, by PUT; a plan subscription is always one.
    change: { plan: ['now'], interval: ['now'], quantity: [] },
    proration: ['none'],
    preview: false,
    moveTrialEnd: true,
    renews: true,
  },
  retains: conektaRetains,
};
