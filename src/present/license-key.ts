import type { LicenseKeyAnswer } from '../api/schemas/license-key.ts';
import type { LicenseKey } from '../db/entities/benefit.ts';
import type { LicenseKeyTruth } from '../providers/port-catalog.ts';
import { isoOrNull } from './values.ts';

/** @param nowMs Tells an expired key. */
export function presentLicenseKey(row: LicenseKey, activationId: string | null, nowMs: number): LicenseKeyAnswer {
  return {
    id: row.id,
    valid: row.status === 'granted' && (row.expiresAt === null || row.expiresAt.getTime() > nowMs),
    display_key: row.displayKey,
    status: row.status,
    organization_id: row.organizationId,
    activation_limit: row.activationLimit,
    usage: row.usage,
    limit_usage: row.usageLimit,
    validations: row.validations,
    expires_at: isoOrNull(row.expiresAt),
    activation_id: activationId,
  };
}

/** One that a provider has issued, and has just called valid. */
export function presentProviderKey(truth: LicenseKeyTruth, activationId: string | null): LicenseKeyAnswer {
  return {
    id: truth.providerLicenseKeyId,
    valid: truth.status === 'granted',
    display_key: truth.displayKey,
    status: truth.status,
    organization_id: null,
    activation_limit: truth.activationLimit,
    usage: truth.usage,
    limit_usage: truth.usageLimit,
    validations: truth.validations,
    expires_at: truth.expiresAt,
    activation_id: activationId,
  };
}
