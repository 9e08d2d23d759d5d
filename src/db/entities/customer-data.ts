import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { owned } from './owned.ts';

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
    /** What was found or erased where, and what is kept; no personal data. */
    summary: p.json().$type<Record<string, unknown>>(),
    failureCode: p.text().strictNullable(),
    actor: p.text(),
    expiresAt: p.datetime().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type CustomerDataJob = InferEntity<typeof CustomerDataJobEntity>;
