import type { ProviderHealthRow } from '../db/entities/provider-health.ts';
import { newBreaker, type Breaker } from '../domain/health/breaker.ts';
import { refilled, type Bucket, type RateLimit } from '../domain/health/budget.ts';
import { sumRecent } from '../domain/health/recent.ts';
import type { HealthView } from './provider-health.ts';

export function breakerOf(row: ProviderHealthRow): Breaker {
  const { state, recent, streak, timesOpened, goodTrials } = row;
  return {
    ...{ state, recent, streak, timesOpened, goodTrials },
    lastFailureAtMs: row.lastFailureAt?.getTime() ?? null,
    openedAtMs: row.openedAt?.getTime() ?? null,
    closedAtMs: row.closedAt?.getTime() ?? null,
    trialAtMs: row.trialAt?.getTime() ?? null,
    trialUntilMs: row.trialUntil?.getTime() ?? null,
  };
}

export function assignBreaker(row: ProviderHealthRow, breaker: Breaker): void {
  const { state, recent, streak, timesOpened, goodTrials } = breaker;
  Object.assign(row, {
    ...{ state, recent, streak, timesOpened, goodTrials },
    lastFailureAt: dateOf(breaker.lastFailureAtMs),
    openedAt: dateOf(breaker.openedAtMs),
    closedAt: dateOf(breaker.closedAtMs),
    trialAt: dateOf(breaker.trialAtMs),
    trialUntil: dateOf(breaker.trialUntilMs),
    // Only an open breaker is held.
    held: state === 'open' ? row.held : null,
  } satisfies Partial<ProviderHealthRow>);
}

export function bucketOf({ budgetTokens, budgetAt }: ProviderHealthRow): Bucket | null {
  return budgetTokens === null || budgetAt === null ? null : { tokens: budgetTokens, atMs: budgetAt.getTime() };
}

/** @param row null: nobody has called the account yet. */
export function viewOfRow(row: ProviderHealthRow | null, limit: RateLimit | null, nowMs: number): HealthView {
  const iso = (date: Date | null | undefined) => date?.toISOString() ?? null;
  const bucket = row === null ? null : bucketOf(row);
  const paused = row?.pausedUntil ?? null;
  return {
    state: row?.state ?? newBreaker().state,
    ...sumRecent(row?.recent ?? [], nowMs),
    openedAt: row?.state === 'closed' ? null : iso(row?.openedAt),
    closedAt: iso(row?.closedAt),
    trialAt: iso(row?.trialAt),
    held: row?.held ?? null,
    lastFailure: row?.lastFailure ?? null,
    lastFailureAt: iso(row?.lastFailureAt),
    lastSuccessAt: iso(row?.lastSuccessAt),
    rejectedAt: iso(row?.rejectedAt),
    budget: limit && { ...limit, left: Math.floor(refilled(bucket, limit, nowMs).tokens) },
    pausedUntil: paused !== null && paused.getTime() > nowMs ? paused.toISOString() : null,
  };
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
