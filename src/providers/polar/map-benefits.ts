import type { BenefitGrantTruth, BenefitTruth, LicenseKeyTruth } from '../port-catalog.ts';
import { isoFromText } from '../wire-time.ts';
import type { PolarBenefit, PolarBenefitGrant, PolarLicenseKey } from './wire-benefits.ts';

export function mapBenefit(benefit: PolarBenefit): BenefitTruth {
  const { benefit_id: benefitId } = benefit.metadata;
  return {
    providerBenefitId: benefit.id,
    benefitId: typeof benefitId === 'string' ? benefitId : null,
    type: benefit.type,
    description: benefit.description,
    properties: benefit.properties,
    isDeleted: benefit.is_deleted,
  };
}

export function mapGrant(grant: PolarBenefitGrant): BenefitGrantTruth {
  return {
    providerGrantId: grant.id,
    providerBenefitId: grant.benefit_id,
    providerCustomerId: grant.customer_id,
    type: grant.benefit.type,
    isGranted: grant.is_granted,
    grantedAt: isoFromText(grant.granted_at),
    revokedAt: isoFromText(grant.revoked_at),
    properties: grant.properties,
    providerSubscriptionId: grant.subscription_id ?? null,
    providerInvoiceId: grant.order_id ?? null,
    problem: grant.error?.message ?? null,
  };
}

export function mapLicenseKey(key: PolarLicenseKey): LicenseKeyTruth {
  return {
    providerLicenseKeyId: key.id,
    status: key.status,
    key: key.key,
    displayKey: key.display_key,
    providerCustomerId: key.customer_id,
    activationLimit: key.limit_activations ?? null,
    usage: key.usage,
    usageLimit: key.limit_usage ?? null,
    validations: key.validations,
    expiresAt: isoFromText(key.expires_at),
  };
}
