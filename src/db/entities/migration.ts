import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type {
  ExclusionCode,
  LegacySubscription,
  MigrationItemState,
  MigrationPlan,
  MigrationSettings,
  MigrationStatus,
} from '../../domain/migration/migration.ts';
import type { ChargeRightStatus } from '../../domain/migration/right.ts';
import { owned } from './owned.ts';

/** Existing subscriptions of one provider led to others, customer by customer. */
export const MigrationEntity = defineEntity({
  name: 'Migration',
  tableName: 'migrations',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    fromProvider: p.text(),
    /** Preferred where it can serve; null: routing alone decides. */
    toProvider: p.text().strictNullable(),
    dryRun: p.boolean(),
    source: p.text().$type<'provider' | 'csv'>(),
    /** Only these; null: all. */
    organizations: p.array().strictNullable(),
    settings: p.json().$type<MigrationSettings>(),
    status: p.text().$type<MigrationStatus>(),
    /** Where the inventory goes on; null: at its beginning; `planning`: it is complete. */
    cursor: p.text().strictNullable(),
    why: p.text(),
    startedAt: p.datetime().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
    failureCode: p.text().strictNullable(),
    failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
    actor: p.text(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Migration = InferEntity<typeof MigrationEntity>;

/** One subscription of the old provider, its plan and how far it is. */
export const MigrationItemEntity = defineEntity({
  name: 'MigrationItem',
  tableName: 'migration_items',
  properties: {
    id: p.text().primary(),
    migrationId: p.text(),
    /** null: nobody of ours is known to be this customer. */
    organizationId: p.text().strictNullable(),
    providerSubscriptionId: p.text(),
    providerCustomerId: p.text(),
    /** Our row of the old subscription; null: we have none. */
    subscriptionId: p.text().strictNullable(),
    legacy: p.json().$type<LegacySubscription>(),
    state: p.text().$type<MigrationItemState>(),
    /** null: not planned yet. */
    plan: p.json().$type<MigrationPlan>().strictNullable(),
    code: p.text().$type<ExclusionCode | (string & {})>().strictNullable(),
    because: p.text().strictNullable(),
    /** Where the new provider's first charge falls. */
    paidThrough: p.datetime().strictNullable(),
    checkoutId: p.text().strictNullable(),
    newProvider: p.text().strictNullable(),
    newSubscriptionId: p.text().strictNullable(),
    /** SHA-256 of the token in the customer's link, in hex. */
    linkHash: p.text().strictNullable(),
    notifiedAt: p.datetime().strictNullable(),
    remindersSent: p.integer(),
    deadlineAt: p.datetime().strictNullable(),
    movedAt: p.datetime().strictNullable(),
    /** The point of no return: written before the old provider is asked to cancel. */
    cancelingAt: p.datetime().strictNullable(),
    /** When its cancellation had been read back. */
    canceledAt: p.datetime().strictNullable(),
    firstChargeAt: p.datetime().strictNullable(),
    firstPaymentId: p.text().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type MigrationItem = InferEntity<typeof MigrationItemEntity>;

/** What the old provider knew, encrypted to the operator's own key. */
export const MigrationArchiveEntity = defineEntity({
  name: 'MigrationArchive',
  tableName: 'migration_archives',
  properties: {
    id: p.text().primary(),
    migrationId: p.text(),
    status: p.text().$type<'requested' | 'running' | 'succeeded' | 'failed'>(),
    /** Who can read it: a public key. */
    recipient: p.text(),
    /** Of the encrypted file, in hex. */
    sha256: p.text().strictNullable(),
    sizeBytes: p.bigint('number').strictNullable(),
    /** How many of each kind are in it. */
    records: p.json().$type<Readonly<Record<string, number>>>().strictNullable(),
    content: p.blob().strictNullable().lazy(),
    failureCode: p.text().strictNullable(),
    actor: p.text(),
    version: p.integer().version(),
    ...owned,
  },
});
export type MigrationArchive = InferEntity<typeof MigrationArchiveEntity>;

/** One proof: what covers each period of a migration's subscriptions, as the providers told it at one time. */
export const MigrationProofEntity = defineEntity({
  name: 'MigrationProof',
  tableName: 'migration_proofs',
  properties: {
    id: p.text().primary(),
    migrationId: p.text(),
    status: p.text().$type<'requested' | 'running' | 'succeeded' | 'failed'>(),
    /** The last item whose line is written. */
    cursor: p.text().strictNullable(),
    /** Up to when periods must be covered. */
    asOf: p.datetime(),
    itemsTotal: p.integer(),
    itemsDone: p.integer(),
    /** The signed part in canonical JSON, byte for byte; null: not finished. */
    report: p.text().strictNullable().lazy(),
    /** Ed25519 over `report`, base64. */
    signature: p.text().strictNullable(),
    keyId: p.text().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
    failureCode: p.text().strictNullable(),
    failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
    actor: p.text(),
    version: p.integer().version(),
    ...owned,
  },
});
export type MigrationProof = InferEntity<typeof MigrationProofEntity>;

/** Who may charge for one period of one organization and plan. */
export const ChargeRightEntity = defineEntity({
  name: 'ChargeRight',
  tableName: 'charge_rights',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    planId: p.text(),
    periodStart: p.datetime(),
    periodEnd: p.datetime(),
    provider: p.text(),
    providerSubscriptionId: p.text().strictNullable(),
    migrationItemId: p.text().strictNullable(),
    status: p.text().$type<ChargeRightStatus>(),
    paymentId: p.text().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
