import { Router, type RequestHandler } from 'express';
import { refuseMethod } from '../answer.ts';
import { callerOf, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { namedOrganization } from '../named-organization.ts';
import { openPortal } from '../portal/open-portal.ts';
import { checkRedirect } from '../redirects.ts';
import { portalQuery } from '../schemas/customer.ts';
import { parseInput } from '../schemas/parse.ts';

/** Looking is enough to open it; what can be done there hangs on what the caller may do. */
const read: Need = { scope: 'billing:read', permission: 'read' };

export function createCustomerPortalRoutes(deps: ApiDeps): Router {
  const router = Router();
  router.route('/billing/customer/portal').get(showPortal(deps, null)).all(refuseMethod('GET'));
  return router;
}

/** @param preferredProvider Whose portal it shall be, where the organization is a customer there. */
export function showPortal(deps: ApiDeps, preferredProvider: string | null): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(request);
    const query = parseInput(portalQuery, request.query);
    const organizationId = namedOrganization(caller, read, query.organization_id);
    const returnUrl =
      query.return_url === undefined
        ? null
        : checkRedirect(query.return_url, '/return_url', {
            allowedOrigins: caller.project.allowedOrigins,
            checkoutId: '',
          });
    const visit = await openPortal(deps, { caller, organizationId, returnUrl, preferredProvider });
    response.set('Cache-Control', 'no-store');
    response.json({ portal_url: visit.url, provider: visit.provider, expires_at: visit.expiresAt });
  };
}
