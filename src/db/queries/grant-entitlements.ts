import { entitlementOfBenefit } from '../../domain/benefit.ts';
import type { Benefit, BenefitGrant } from '../entities/benefit.ts';
import type { Db } from '../orm.ts';

/** Keeps what `GET /billing/access` reads in step with a granted or revoked feature flag or credit. */
export async function writeGrantEntitlement(
  tx: Db,
  grant: Pick<BenefitGrant, 'id' | 'projectId' | 'live' | 'organizationId' | 'status'>,
  benefit: Pick<Benefit, 'type' | 'properties'>,
): Promise<void> {
  const given = entitlementOfBenefit(benefit.type, benefit.properties);
  if (given === null) return;
  await tx.execute(
    `insert into entitlements (project_id, live, organization_id, source_kind, source_id, feature, limits, is_allowed, reason)
     values (?, ?, ?, 'grant', ?, ?, ?::jsonb, ?, ?)
     on conflict (project_id, live, organization_id, source_kind, source_id) do update
       set feature = excluded.feature, limits = excluded.limits, is_allowed = excluded.is_allowed,
         reason = excluded.reason, updated_at = now()`,
    [
      ...[grant.projectId, grant.live, grant.organizationId, grant.id, given.feature, JSON.stringify(given.limits)],
      ...[grant.status === 'granted', `benefit_${grant.status}`],
    ],
    'run',
  );
}

/** A definition has changed: everybody who holds it has what it now says. */
export async function rewriteGrantEntitlements(tx: Db, benefit: Benefit): Promise<void> {
  const given = entitlementOfBenefit(benefit.type, benefit.properties);
  if (given === null) return;
  await tx.execute(
    `update entitlements given set feature = ?, limits = ?::jsonb, updated_at = now()
     from benefit_grants held
     where held.project_id = ? and held.benefit_id = ? and given.source_kind = 'grant' and given.source_id = held.id
       and (given.project_id, given.live, given.organization_id) = (held.project_id, held.live, held.organization_id)`,
    [given.feature, JSON.stringify(given.limits), benefit.projectId, benefit.id],
    'run',
  );
}
