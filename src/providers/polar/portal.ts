import type { JsonApi } from '../json-api.ts';
import type { PortalOperations } from '../port-money.ts';
import { isoFromText } from '../wire-time.ts';
import { polarCustomerSession } from './wire.ts';

/** One hour long; shows everything of the customer, so the subscription asked for is not needed. */
export function createPolarPortal(api: JsonApi): PortalOperations {
  return {
    async create({ providerCustomerId, returnUrl }) {
      const session = await openCustomerSession(api, providerCustomerId, returnUrl);
      return { url: session.customer_portal_url, expiresAt: isoFromText(session.expires_at) };
    },
  };
}

/** Harmless to repeat: a session is only a credential that lapses. */
export async function openCustomerSession(api: JsonApi, customerId: string, returnUrl: string | null) {
  return api.call({
    operation: 'customer_sessions.create',
    method: 'POST',
    path: '/v1/customer-sessions/',
    body: { customer_id: customerId, ...(returnUrl === null ? {} : { return_url: returnUrl }) },
    reply: polarCustomerSession,
  });
}
