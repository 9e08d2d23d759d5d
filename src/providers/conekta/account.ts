import type { JsonApi } from '../json-api.ts';
import type { ProviderClient } from '../port.ts';
import { conektaCompany } from './wire.ts';

/** Whose key it is. */
export function createConektaAccount(api: JsonApi): ProviderClient['account'] {
  return {
    async check() {
      const company = await api.call({
        operation: 'account.check',
        method: 'GET',
        path: '/companies/current',
        reply: conektaCompany,
      });
      return { providerAccountId: company.id ?? null, name: company.name ?? null };
    },
  };
}
