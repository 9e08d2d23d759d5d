import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { owned } from './owned.ts';

/** What came of asking one provider. */
export interface ProviderPart {
  readonly outcome: 'exported' | 'unavailable' | 'erased' | 'anonymized' | 'archived' | 'not_found';
  /** What it keeps and why, in words for the customer's answer. */
  readonly retained: readonly string[];
}

/** What was found or erased where, and what is kept. No personal data: counts, outcomes, reasons. */
export interface CustomerDataSummary {
  /** By table of ours: how many rows were exported, or changed by an erasure. */
  readonly rows?: Readonly<Record<string, number>>;
  readonly providers?: Readonly<Record<string, ProviderPart>>;
  /** What we keep after an erasure, and why. */
  readonly kept?: readonly string[];
}

/** Gathering or erasing all that is known of an organization. */
export const CustomerDataJobEntity = defineEntity({
  name: 'CustomerDataJob',
  tableName: 'customer_data_jobs',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    kind: p.text().$type<'export' | 'erasure'>(),
    status: p.text().$type<'running' | 'done' | 'failed'>(),
    /** Sealed, and gone at `expiresAt`. */
    result: p.blob().strictNullable().lazy(),
    summary: p.json().$type<CustomerDataSummary>(),
    failureCode: p.text().strictNullable(),
    actor: p.text(),
    expiresAt: p.datetime().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type CustomerDataJob = InferEntity<typeof CustomerDataJobEntity>;

/** One provider's part of an export that is not whole yet; sealed. */
export const CustomerDataSectionEntity = defineEntity({
  name: 'CustomerDataSection',
  tableName: 'customer_data_sections',
  properties: {
    jobId: p.text().primary(),
    provider: p.text().primary(),
    data: p.blob(),
    createdAt: owned.createdAt,
  },
});
