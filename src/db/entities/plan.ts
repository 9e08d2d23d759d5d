import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { BillingInterval } from '../../domain/catalogue.ts';
import { owned } from './owned.ts';

const inProject = { projectId: p.text(), createdAt: owned.createdAt, updatedAt: owned.updatedAt };

export const PlanEntity = defineEntity({
  name: 'Plan',
  tableName: 'plans',
  properties: {
    id: p.text().primary(),
    key: p.text(),
    name: p.text(),
    description: p.text().strictNullable(),
    kind: p.text().$type<'subscription' | 'one_time'>(),
    digital: p.boolean(),
    features: p.array(),
    limits: p.json().$type<Record<string, number>>(),
    contactUrl: p.text().strictNullable(),
    trialDays: p.integer().strictNullable(),
    isActive: p.boolean(),
    isPopular: p.boolean(),
    sortOrder: p.integer(),
    ...inProject,
  },
});
export type Plan = InferEntity<typeof PlanEntity>;

export const PriceEntity = defineEntity({
  name: 'Price',
  tableName: 'prices',
  properties: {
    id: p.text().primary(),
    planId: p.text(),
    /** null: sold once. */
    billingInterval: p.text().$type<BillingInterval>().strictNullable(),
    amountMinor: p.bigint('number'),
    currency: p.text(),
    ...inProject,
  },
});
export type PriceRow = InferEntity<typeof PriceEntity>;

/** What a provider calls one of our prices. */
export const ProviderPriceEntity = defineEntity({
  name: 'ProviderPrice',
  tableName: 'provider_prices',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    priceId: p.text().primary(),
    provider: p.text().primary(),
    providerProductId: p.text(),
    providerPriceId: p.text().strictNullable(),
    /** Of what was last sent; null: pushed before fingerprints were kept. */
    pushedFingerprint: p.text().strictNullable(),
    /** Our benefits that the provider's product was last told to bring; null: never told. */
    pushedBenefits: p.array().nullable(),
  },
});
export type ProviderPriceRow = InferEntity<typeof ProviderPriceEntity>;
