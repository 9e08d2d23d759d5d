import { Router } from 'express';
import { openLicenseKey } from '../../crypto/license-key.ts';
import type { BenefitGrant, LicenseKey } from '../../db/entities/benefit.ts';
import { listGrants } from '../../db/queries/benefit-grants.ts';
import { findBenefits, listLicenseKeys } from '../../db/queries/benefits.ts';
import type { Db } from '../../db/orm.ts';
import { presentGrant } from '../../present/benefit.ts';
import { refuseMethod } from '../answer.ts';
import { callerOf, visibleOrganizations, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { readProviderKeys } from '../license-keys/shown-keys.ts';
import { listGrantsQuery } from '../schemas/benefit.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

/** What organizations have of the benefits, their license keys in the clear. */
export function createBenefitRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/benefits')
    .get(async (request, response) => {
      const { limit, cursor, organization_id } = parseInput(listGrantsQuery, request.query);
      const caller = callerOf(request);
      const em = deps.orm.em.fork();
      const rows = await listGrants(em, caller, {
        organizationIds: visibleOrganizations(caller, read, organization_id),
        before: decodeIdCursor(cursor),
        limit,
      });
      const present = await grantPresenter(deps, em, rows);
      const theirs = await readProviderKeys(deps, em, rows);
      response.set('Cache-Control', 'no-store');
      const withKey = (row: BenefitGrant) => {
        const shown = present(row);
        const key = theirs.get(row.id);
        return key === undefined ? shown : { ...shown, properties: { ...shown.properties, license_key: key } };
      };
      response.json(toPage(rows, limit, (row) => [row.id], withKey));
    })
    .all(refuseMethod('GET'));
  return router;
}

/** With the keys that can be opened; one whose encryption key is gone shows its last letters alone. */
export async function grantPresenter(deps: Pick<ApiDeps, 'keyRing' | 'logger'>, em: Db, rows: readonly BenefitGrant[]) {
  const benefits = await findBenefits(em, rows[0]?.projectId ?? '', [...new Set(rows.map((row) => row.benefitId))]);
  const byId = new Map(benefits.map((benefit) => [benefit.id, benefit]));
  const keys = await listLicenseKeys(
    em,
    rows.map((row) => row.id),
  );
  return (row: BenefitGrant) => {
    const benefit = byId.get(row.benefitId);
    if (!benefit) throw new Error(`${row.id} is of no benefit`);
    const key = keys.get(row.id);
    return presentGrant(row, benefit, key ? { row: key, plain: plainKey(deps, key) } : null);
  };
}

function plainKey({ keyRing, logger }: Pick<ApiDeps, 'keyRing' | 'logger'>, key: LicenseKey): string | null {
  if (keyRing === null || key.keySealed === null) return null;
  try {
    return openLicenseKey(keyRing, key.grantId, key.keySealed);
  } catch (error) {
    logger.error({ err: error, license_key: key.id }, 'a license key cannot be opened');
    return null;
  }
}
