import type { ProviderDirectory } from '../../../src/providers/port.ts';
import { fakeProviders } from './fake-providers.ts';

const direct = [
  ...['subscriptions.create', 'subscriptions.find', 'subscriptions.setPaymentMethod'],
  ...['paymentMethods.attach', 'paymentMethods.list', 'paymentMethods.detach', 'paymentMethods.setDefault'],
];

/** `local` and `world` store methods, charge them and issue vouchers; `merchant` has its own pages only. */
export function directProviders(): ProviderDirectory {
  const providers = fakeProviders();
  return {
    ...providers,
    operations: (id) => {
      if (id === 'merchant') return ['checkouts.create', 'paymentMethods.list', 'paymentMethods.detach'];
      return id === 'local' ? ['checkouts.create', ...direct, 'payments.create'] : ['checkouts.create', ...direct];
    },
    abilities: (id) => {
      const abilities = providers.abilities(id);
      if (abilities === null || id !== 'local') return abilities;
      // What it sells without a page is poorer than what its page sells.
      return { ...abilities, features: { ...abilities.features, quantity: ['payment'], trialDays: [] } };
    },
  };
}
