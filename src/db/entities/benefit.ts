import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { BenefitType, GrantSource, GrantStatus } from '../../domain/benefit.ts';
import { owned } from './owned.ts';

export const BenefitEntity = defineEntity({
  name: 'Benefit',
  tableName: 'benefits',
  properties: {
    id: p.text().primary(),
    type: p.text().$type<BenefitType>(),
    description: p.text(),
    /** The type's own: guild and role, repository, files, feature … */
    properties: p.json().$type<Record<string, unknown>>(),
    isActive: p.boolean(),
    projectId: p.text(),
    createdAt: owned.createdAt,
    updatedAt: owned.updatedAt,
  },
});
export type Benefit = InferEntity<typeof BenefitEntity>;

/** Which plans and products bring it. */
export const PlanBenefitEntity = defineEntity({
  name: 'PlanBenefit',
  tableName: 'plan_benefits',
  properties: {
    projectId: p.text().primary(),
    planId: p.text().primary(),
    benefitId: p.text().primary(),
    createdAt: owned.createdAt,
  },
});

/** What a provider calls it. */
export const ProviderBenefitEntity = defineEntity({
  name: 'ProviderBenefit',
  tableName: 'provider_benefits',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    benefitId: p.text().primary(),
    provider: p.text().primary(),
    providerBenefitId: p.text(),
    pushedFingerprint: p.text().strictNullable(),
  },
});

/** A benefit in somebody's hands, and what gave it. */
export const BenefitGrantEntity = defineEntity({
  name: 'BenefitGrant',
  tableName: 'benefit_grants',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    benefitId: p.text(),
    sourceKind: p.text().$type<GrantSource>(),
    /** The subscription, the order, or for a direct grant the grant itself. */
    sourceId: p.text(),
    status: p.text().$type<GrantStatus>(),
    /** null: we give it ourselves. */
    provider: p.text().strictNullable(),
    providerGrantId: p.text().strictNullable(),
    properties: p.json().$type<Record<string, unknown>>(),
    /** What stands in the way. */
    problem: p.text().strictNullable(),
    grantedAt: p.datetime().strictNullable(),
    revokedAt: p.datetime().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type BenefitGrant = InferEntity<typeof BenefitGrantEntity>;

/** A key that we issue ourselves, where the provider issues none. */
export const LicenseKeyEntity = defineEntity({
  name: 'LicenseKey',
  tableName: 'license_keys',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    grantId: p.text(),
    keyHash: p.text(),
    /** To show it to its owner again; null: no key ring. */
    keySealed: p.blob().strictNullable(),
    displayKey: p.text(),
    status: p.text().$type<'granted' | 'revoked' | 'disabled'>(),
    activationLimit: p.integer().strictNullable(),
    usage: p.integer(),
    usageLimit: p.integer().strictNullable(),
    validations: p.integer(),
    expiresAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type LicenseKey = InferEntity<typeof LicenseKeyEntity>;

export const LicenseActivationEntity = defineEntity({
  name: 'LicenseActivation',
  tableName: 'license_activations',
  properties: {
    id: p.text().primary(),
    licenseKeyId: p.text(),
    label: p.text(),
    conditions: p.json().$type<Record<string, string>>(),
    createdAt: owned.createdAt,
  },
});

/** What an organization may do and why: the one row per source that `GET /billing/access` reads. */
export const EntitlementEntity = defineEntity({
  name: 'Entitlement',
  tableName: 'entitlements',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    organizationId: p.text().primary(),
    sourceKind: p.text().$type<'subscription' | 'order' | 'grant'>().primary(),
    sourceId: p.text().primary(),
    planId: p.text().strictNullable(),
    /** Of a feature flag. */
    feature: p.text().strictNullable(),
    /** On top of the plan's. */
    limits: p.json().$type<Record<string, number>>(),
    isAllowed: p.boolean(),
    /** subscription_active, past_due_grace, disputed … */
    reason: p.text(),
    /** When it ends by itself; null: with its source. */
    until: p.datetime().strictNullable(),
  },
});
