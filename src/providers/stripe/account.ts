import { z } from 'zod';
import type { ProviderClient } from '../port.ts';
import type { StripeApi } from './client.ts';

const text = z.string().nullish();

const account = z.object({
  id: z.string(),
  business_profile: z.object({ name: text }).nullish(),
  settings: z.object({ dashboard: z.object({ display_name: text }).nullish() }).nullish(),
});

/** A restricted key needs read access to the account for this. */
export function createStripeAccountCheck(api: StripeApi): ProviderClient['account'] {
  return {
    async check() {
      const found = await api.call({
        operation: 'account.check',
        reply: account,
        budget: api.budget(),
        send: (stripe, options) => stripe.accounts.retrieveCurrent({}, options),
      });
      const name = found.settings?.dashboard?.display_name ?? found.business_profile?.name;
      return { providerAccountId: found.id, name: name ?? null };
    },
  };
}
