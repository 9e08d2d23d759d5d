import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { BreakerState } from '../../domain/health/breaker.ts';
import type { Slot } from '../../domain/health/recent.ts';
import { owned } from './owned.ts';

/** One account's breaker and rate budget, shared by all processes. */
export const ProviderHealthEntity = defineEntity({
  name: 'ProviderHealthRow',
  tableName: 'provider_health',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    provider: p.text().primary(),
    state: p.text().$type<BreakerState>(),
    /** Calls of the last seconds. */
    recent: p.json().$type<readonly Slot[]>(),
    /** Failures in a row. */
    streak: p.integer(),
    openedAt: p.datetime().strictNullable(),
    closedAt: p.datetime().strictNullable(),
    timesOpened: p.integer(),
    /** null while open: an operator holds it. */
    trialAt: p.datetime().strictNullable(),
    trialUntil: p.datetime().strictNullable(),
    goodTrials: p.integer(),
    /** Why an operator opened it; null: it opened by itself, or is closed. */
    held: p.text().strictNullable(),
    /** `timeout`, `lost`, `not_sent`, `http_503`. */
    lastFailure: p.text().strictNullable(),
    lastFailureAt: p.datetime().strictNullable(),
    lastSuccessAt: p.datetime().strictNullable(),
    /** When the provider refused our credentials; null again with the first answer after. */
    rejectedAt: p.datetime().strictNullable(),
    budgetTokens: p.float().strictNullable(),
    budgetAt: p.datetime().strictNullable(),
    pausedUntil: p.datetime().strictNullable(),
  },
});
export type ProviderHealthRow = InferEntity<typeof ProviderHealthEntity>;
