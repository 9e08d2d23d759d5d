import type { ProviderHealthRow } from '../db/entities/provider-health.ts';
import type { CountedCalls } from '../domain/health/breaker.ts';
import type { Priority, RateLimit } from '../domain/health/budget.ts';
import type { CallOutcome } from '../domain/health/outcome.ts';
import type { AccountKey } from '../domain/provider-account.ts';

/** What this process has seen of an account since it last told the others. */
export interface Counted extends CountedCalls {
  readonly lastFailure: { readonly code: string; readonly atMs: number } | null;
  readonly lastSuccessAtMs: number | null;
  readonly rejectedAtMs: number | null;
  readonly pausedUntilMs: number | null;
}

/** The one trial that this process has the right of way for. */
export interface RunningTrial {
  readonly startedAtMs: number;
  readonly untilMs: number;
  answered: number;
  failed: number;
}

/** Calls leased for one priority and not made yet. */
export interface Purse {
  calls: number;
  keptUntilMs: number;
  /** A lease under way: who comes meanwhile waits for it. */
  leasing: Promise<void> | null;
  /** What the last lease said when it gave nothing. */
  waitMs: number;
}

/** One account in this process's memory: what all have seen as of the last reading, and what is not told yet. */
export interface KnownAccount {
  readonly key: AccountKey;
  row: ProviderHealthRow | null;
  counted: Counted;
  trial: RunningTrial | null;
  isClaiming: boolean;
  limit: RateLimit | null;
  pausedUntilMs: number;
  readonly purses: Readonly<Record<Priority, Purse>>;
}

export const nothingCounted: Counted = {
  ...{ answered: 0, failed: 0, failedLast: 0 },
  ...{ lastFailure: null, lastSuccessAtMs: null, rejectedAtMs: null, pausedUntilMs: null },
};

export type KnownAccounts = ReturnType<typeof createKnownAccounts>;

export function createKnownAccounts() {
  const known = new Map<string, KnownAccount>();
  const of = ({ projectId, live, provider }: AccountKey): KnownAccount => {
    const id = `${projectId} ${live} ${provider}`;
    const found = known.get(id);
    if (found) return found;
    const made = newAccount({ projectId, live, provider });
    known.set(id, made);
    return made;
  };
  return {
    of,
    all: (): readonly KnownAccount[] => [...known.values()],
    /** What the database says now. A pause or a trial that this process knows of goes on. */
    keep(rows: readonly ProviderHealthRow[]): void {
      for (const row of rows) {
        const account = of(row);
        account.row = row;
        account.pausedUntilMs = Math.max(account.pausedUntilMs, row.pausedUntil?.getTime() ?? 0);
      }
    },
  };
}

function newAccount(key: AccountKey): KnownAccount {
  const purse = (): Purse => ({ calls: 0, keptUntilMs: 0, leasing: null, waitMs: 0 });
  return {
    ...{ key, row: null, counted: nothingCounted, trial: null, isClaiming: false, limit: null, pausedUntilMs: 0 },
    purses: { foreground: purse(), background: purse() },
  };
}

/** @returns what was counted, with this call in it. */
export function addCall(counted: Counted, outcome: CallOutcome, nowMs: number): Counted {
  if (outcome.kind === 'failed')
    return {
      ...counted,
      failed: counted.failed + 1,
      failedLast: counted.failedLast + 1,
      lastFailure: { code: outcome.code, atMs: nowMs },
    };
  const isRejected = outcome.kind === 'rejected';
  return {
    ...counted,
    ...{ answered: counted.answered + 1, failedLast: 0 },
    ...(isRejected ? { rejectedAtMs: counted.rejectedAtMs ?? nowMs } : {}),
    ...(outcome.kind === 'answered' ? { lastSuccessAtMs: nowMs, rejectedAtMs: null } : {}),
  };
}

/** Both in one, `later` after `earlier`: what could not be written goes before what was counted meanwhile. */
export function joinCounted(earlier: Counted, later: Counted): Counted {
  const isCleared = later.lastSuccessAtMs !== null;
  return {
    answered: earlier.answered + later.answered,
    failed: earlier.failed + later.failed,
    failedLast: later.answered > 0 ? later.failedLast : earlier.failedLast + later.failedLast,
    lastFailure: later.lastFailure ?? earlier.lastFailure,
    lastSuccessAtMs: later.lastSuccessAtMs ?? earlier.lastSuccessAtMs,
    rejectedAtMs: later.rejectedAtMs ?? (isCleared ? null : earlier.rejectedAtMs),
    pausedUntilMs: later.pausedUntilMs ?? earlier.pausedUntilMs,
  };
}
