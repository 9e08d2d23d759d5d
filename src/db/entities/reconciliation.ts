import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { DifferenceKind, Side } from '../../domain/reconciliation/difference.ts';
import type { ReconciliationPhase, ReconciliationStatus } from '../../domain/reconciliation/run.ts';
import type { NamedObjects } from '../../domain/reconciliation/subject.ts';
import type { ReviewKind } from '../../domain/review.ts';
import { owned } from './owned.ts';
import { runColumns } from './run-columns.ts';

/** One comparison of our rows with one provider's account over a window of time. */
export const ReconciliationRunEntity = defineEntity({
  name: 'ReconciliationRun',
  tableName: 'reconciliation_runs',
  properties: {
    id: p.text().primary(),
    provider: p.text(),
    /** What changed in `[fromAt, toAt)` at the provider, or here. */
    fromAt: p.datetime(),
    toAt: p.datetime(),
    cause: p.text().$type<'schedule' | 'request'>(),
    actor: p.text(),
    status: p.text().$type<ReconciliationStatus>(),
    /** Their changes against our rows, then our rows against them, then lost workflows, then what can be mended. */
    phase: p.text().$type<ReconciliationPhase>(),
    /** Where the phase goes on; null: at its beginning. */
    cursor: p.text().strictNullable(),
    /** Objects of both sides that were looked at. */
    compared: p.integer(),
    /** Workflows that were lost and have been started again. */
    restarted: p.integer(),
    /** null: it may go on. */
    pausedAt: p.datetime().strictNullable(),
    version: p.integer().version(),
    ...runColumns,
    ...owned,
  },
});
export type ReconciliationRun = InferEntity<typeof ReconciliationRunEntity>;

export const ReconciliationDifferenceEntity = defineEntity({
  name: 'ReconciliationDifference',
  tableName: 'reconciliation_differences',
  properties: {
    id: p.text().primary(),
    runId: p.text(),
    provider: p.text(),
    kind: p.text().$type<DifferenceKind>(),
    /** The provider's; ours where the provider has none. */
    objectKind: p.text(),
    objectId: p.text(),
    entityKind: p.text().strictNullable(),
    entityId: p.text().strictNullable(),
    organizationId: p.text().strictNullable(),
    /** What each side says of it, no personal data; null: nothing. */
    ours: p.json().$type<Side>().strictNullable(),
    theirs: p.json().$type<Side>().strictNullable(),
    /** `queued`: a person decides, see the review. */
    status: p.text().$type<'found' | 'repaired' | 'queued'>(),
    reviewId: p.text().strictNullable(),
    why: p.text().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type ReconciliationDifference = InferEntity<typeof ReconciliationDifferenceEntity>;

/**
 * What a run has looked at. `checkout`, `subscription`: ours, by our id. `charge`, `agreement` (a subscription there):
 * the provider's, by its id, as far as nothing of ours was known to be behind it.
 */
export const ReconciliationLookEntity = defineEntity({
  name: 'ReconciliationLook',
  tableName: 'reconciliation_looks',
  properties: {
    ...owned,
    runId: p.text().primary(),
    subjectKind: p.text().$type<'checkout' | 'subscription' | 'charge' | 'agreement'>().primary(),
    subjectId: p.text().primary(),
    /** What the provider's changes named beside it: looked at with it. */
    named: p.json().$type<NamedObjects>(),
    /** `suspected`: differs, and is looked at again. `told`: still differed. `foreign`: bears no sign of us. */
    verdict: p.text().$type<'agrees' | 'suspected' | 'told' | 'foreign'>(),
    /** The differences of the last look, as `kind object_kind object_id`. */
    suspected: p.json().$type<readonly string[]>(),
    lookAgainAt: p.datetime().strictNullable(),
  },
});
export type ReconciliationLook = InferEntity<typeof ReconciliationLookEntity>;

/** Something about money that only a person may decide. */
export const ReviewItemEntity = defineEntity({
  name: 'ReviewItem',
  tableName: 'review_items',
  properties: {
    id: p.text().primary(),
    kind: p.text().$type<ReviewKind>(),
    /** What it came from: the same cause makes one item, however often it is seen. */
    cause: p.text(),
    provider: p.text().strictNullable(),
    organizationId: p.text().strictNullable(),
    entityKind: p.text().strictNullable(),
    entityId: p.text().strictNullable(),
    /** One sentence for the person: what happened, and what to decide. */
    summary: p.text(),
    evidence: p.json().$type<Readonly<Record<string, unknown>>>(),
    status: p.text().$type<'open' | 'resolved' | 'dismissed'>(),
    note: p.text().strictNullable(),
    closedBy: p.text().strictNullable(),
    closedAt: p.datetime().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type ReviewItem = InferEntity<typeof ReviewItemEntity>;
