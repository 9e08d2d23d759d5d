import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { owned } from './owned.ts';

export const OrganizationEntity = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    id: p.text().primary(),
    name: p.text().strictNullable(),
    email: p.text().strictNullable(),
    phone: p.text().strictNullable(),
    country: p.text().strictNullable(),
    preferredProvider: p.text().strictNullable(),
    metadata: p.json().$type<Record<string, string>>(),
  },
});
export type Organization = InferEntity<typeof OrganizationEntity>;

/** The organization as one provider knows it. */
export const ProviderCustomerEntity = defineEntity({
  name: 'ProviderCustomer',
  tableName: 'provider_customers',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    organizationId: p.text().primary(),
    provider: p.text().primary(),
    providerCustomerId: p.text(),
    /** When its stored payment methods were last asked for. */
    methodsAskedAt: p.datetime().strictNullable(),
  },
});

/** A provider's id → ours, for facts that do not carry our metadata. */
export const ProviderObjectEntity = defineEntity({
  name: 'ProviderObject',
  tableName: 'provider_objects',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    provider: p.text().primary(),
    kind: p.text().primary(),
    providerObjectId: p.text().primary(),
    entityKind: p.text().$type<'checkout' | 'subscription'>(),
    entityId: p.text(),
  },
});
