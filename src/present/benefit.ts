import type { BenefitAnswer, BenefitGrantAnswer } from '../api/schemas/benefit.ts';
import type { Benefit, BenefitGrant, LicenseKey } from '../db/entities/benefit.ts';
import { isoOrNull } from './values.ts';

export interface BenefitLinks {
  readonly planIds: readonly string[];
  /** Provider → its id. */
  readonly providerIds: Readonly<Record<string, string>>;
}

export function presentBenefit(row: Benefit, links: BenefitLinks): BenefitAnswer {
  return {
    id: row.id,
    type: row.type,
    description: row.description,
    properties: { ...row.properties },
    is_active: row.isActive,
    plan_ids: [...links.planIds],
    provider_ids: { ...links.providerIds },
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** @param key Of our own making, and the key itself where the caller may see it. */
export function presentGrant(
  row: BenefitGrant,
  benefit: Pick<Benefit, 'type' | 'description' | 'properties'>,
  key: { readonly row: LicenseKey; readonly plain: string | null } | null,
): BenefitGrantAnswer {
  return {
    id: row.id,
    benefit_id: row.benefitId,
    organization_id: row.organizationId,
    type: benefit.type,
    description: benefit.description,
    status: row.status,
    properties: { ...shownProperties(benefit.properties), ...row.properties, ...(key && presentOwnKey(key)) },
    source: { kind: row.sourceKind, id: row.sourceId },
    provider: row.provider,
    problem: row.problem,
    granted_at: isoOrNull(row.grantedAt),
    revoked_at: isoOrNull(row.revokedAt),
    created_at: row.createdAt.toISOString(),
  };
}

/** A bot's token is the operator's. */
function shownProperties(properties: Readonly<Record<string, unknown>>) {
  const { guild_token: _, ...shown } = properties;
  return shown;
}

function presentOwnKey({ row, plain }: { readonly row: LicenseKey; readonly plain: string | null }) {
  return {
    license_key: plain,
    display_key: row.displayKey,
    license_key_id: row.id,
    license_key_status: row.status,
    usage: row.usage,
    validations: row.validations,
    expires_at: isoOrNull(row.expiresAt),
  };
}
