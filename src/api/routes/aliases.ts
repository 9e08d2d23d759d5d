import { Router } from 'express';
import { refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { isoOrNull } from '../../present/values.ts';
import { startCheckout } from './checkouts.ts';
import { showPortal } from './customer-portal.ts';
import { showUsageOfMeters } from './usage-readings.ts';

/** Routes that carry a provider's name, one set for each id in the registry. The provider is preferred, not forced. */
export function createAliasRoutes(deps: ApiDeps): Router {
  const router = Router();
  for (const id of deps.providers.ids()) {
    router
      .route(`/${id}/checkout`)
      .post(
        startCheckout(deps, {
          preferredProvider: id,
          present: (row) => ({
            checkout_id: row.id,
            checkout_url: row.checkoutUrl,
            expires_at: isoOrNull(row.expiresAt),
          }),
        }),
      )
      .all(refuseMethod('POST'));
    // What is sent there is taken in where all usage is.
    router.route(`/${id}/usage`).get(showUsageOfMeters(deps)).all(refuseMethod('GET', 'POST'));
    router.route(`/${id}/customer/portal`).get(showPortal(deps, id)).all(refuseMethod('GET'));
  }
  return router;
}
