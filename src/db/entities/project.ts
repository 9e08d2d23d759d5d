import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { LifecyclePolicy } from '../../domain/subscription/lifecycle-policy.ts';
import { owned } from './owned.ts';

export const ProjectEntity = defineEntity({
  name: 'Project',
  tableName: 'projects',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    defaultCurrency: p.text(),
    defaultSuccessUrl: p.text().strictNullable(),
    defaultCancelUrl: p.text().strictNullable(),
    defaultPhone: p.text().strictNullable(),
    allowedOrigins: p.array(),
    routingPolicy: p.text(),
    /** What differs from the default policy. */
    lifecyclePolicy: p.json().$type<Partial<LifecyclePolicy>>(),
    /** How often usage is reported to the providers. */
    usageReportMinutes: p.integer().default(60),
    createdAt: owned.createdAt,
    updatedAt: owned.updatedAt,
  },
});
export type Project = InferEntity<typeof ProjectEntity>;

export const ApiKeyEntity = defineEntity({
  name: 'ApiKey',
  tableName: 'api_keys',
  properties: {
    id: p.text().primary(),
    kind: p.text().$type<'secret' | 'publishable'>(),
    name: p.text(),
    keyHash: p.text(),
    scopes: p.array(),
    revokedAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type ApiKey = InferEntity<typeof ApiKeyEntity>;

export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    tokenHash: p.text().primary(),
    organizationId: p.text(),
    userId: p.text().strictNullable(),
    permissions: p.array(),
    expiresAt: p.datetime(),
    ...owned,
  },
});
export type Session = InferEntity<typeof SessionEntity>;

/** A project's own account at a provider; one per mode. */
export const ProviderAccountEntity = defineEntity({
  name: 'ProviderAccount',
  tableName: 'provider_accounts',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    provider: p.text().primary(),
    /** Sealed by the key ring: see `src/crypto/account-credentials.ts`. */
    credentials: p.blob(),
    /** Which keys are set; never their values. */
    credentialKeys: p.array(),
    /** Grows with every change of the credentials. */
    version: p.integer(),
    providerAccountId: p.text().strictNullable(),
    providerAccountName: p.text().strictNullable(),
    /** The endpoint that we registered there for its webhooks. */
    webhookEndpointId: p.text().strictNullable(),
    checkedAt: p.datetime().strictNullable(),
    /** Why the last check failed, as an error code. */
    checkError: p.text().strictNullable(),
  },
});
export type ProviderAccountRow = InferEntity<typeof ProviderAccountEntity>;
