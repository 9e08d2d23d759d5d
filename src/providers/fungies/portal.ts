import type { PortalOperations } from '../port-money.ts';

/** The store's own page: the customer signs in there by e-mail. Not a link for one visit, and nobody's in particular. */
export function createFungiesPortal(storeUrl: string): PortalOperations {
  return { create: () => Promise.resolve({ url: `${storeUrl}/portal`, expiresAt: null }) };
}
