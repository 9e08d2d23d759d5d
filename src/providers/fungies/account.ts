import type { ProviderClient } from '../port.ts';
import type { FungiesApi } from './client.ts';
import { productPage } from './wire.ts';

/** Proves the public key: no read takes the secret, and nothing tells whose account it is. */
export function createFungiesAccount(api: FungiesApi): ProviderClient['account'] {
  return {
    async check() {
      await api.call({
        operation: 'account.check',
        method: 'GET',
        path: '/products/list',
        query: { skip: 0, take: 1 },
        reply: productPage,
      });
      return { providerAccountId: null, name: null };
    },
  };
}
