import { BillingError } from '../../domain/errors.ts';
import type { JsonApi } from '../json-api.ts';
import type { PortalOperations } from '../port-money.ts';
import { conektaPortal } from './wire.ts';

/** One page per subscription: asking again gives the same one. It takes no way back and tells no end. */
export function createConektaPortal(api: JsonApi): PortalOperations {
  return {
    async create({ providerSubscriptionId }) {
      if (providerSubscriptionId === null) {
        throw new BillingError({
          code: 'provider_subscription_required',
          kind: 'invalid',
          message: 'Conekta has a portal for a subscription only.',
          details: { provider: 'conekta' },
        });
      }
      const portal = await api.call({
        operation: 'portal.create',
        method: 'POST',
        path: `/subscriptions/${encodeURIComponent(providerSubscriptionId)}/customer_portal`,
        reply: conektaPortal,
      });
      return { url: portal.portal_url, expiresAt: null };
    },
  };
}
