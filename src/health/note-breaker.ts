import type { Logger } from '../logger.ts';
import type { ProviderHealthRow } from '../db/entities/provider-health.ts';
import { recordAudit } from '../db/queries/audit.ts';
import type { Db } from '../db/orm.ts';
import type { BreakerState } from '../domain/health/breaker.ts';
import { sumRecent } from '../domain/health/recent.ts';

/** A breaker that opened or closed. Trials in between are no news. */
export interface BreakerNews {
  readonly row: ProviderHealthRow;
  readonly type: 'provider.breaker_opened' | 'provider.breaker_closed';
  readonly detail: string;
}

/**
 * Writes into the audit log that a breaker opened or closed, in the transaction that did it.
 *
 * @param input.before Its state before the change.
 * @returns what to log once it is committed; null: nothing that anybody has to know.
 */
export function noteBreaker(
  tx: Db,
  row: ProviderHealthRow,
  input: {
    readonly before: BreakerState;
    readonly actor: string;
    readonly detail: string;
    /** An operator's act is kept also when it moved nothing. */
    readonly always?: boolean;
  },
): BreakerNews | null {
  const wasClosed = input.before === 'closed';
  const isClosed = row.state === 'closed';
  if (wasClosed === isClosed && input.always !== true) return null;
  const type = isClosed ? 'provider.breaker_closed' : 'provider.breaker_opened';
  const { projectId, live, provider } = row;
  recordAudit(tx, {
    ...{ projectId, live, actor: input.actor, action: type, entityKind: 'provider', entityId: provider },
    detail: input.detail,
    before: { state: input.before },
    after: { state: row.state, trial_at: row.trialAt?.toISOString() ?? null, last_failure: row.lastFailure },
  });
  return { row, type, detail: input.detail };
}

export function logBreaker(logger: Logger, news: readonly BreakerNews[]): void {
  for (const { row, type, detail } of news) {
    const { projectId: project, live, provider, timesOpened, trialAt } = row;
    const facts = {
      project,
      live,
      provider,
      times_opened: timesOpened,
      trial_at: trialAt?.toISOString() ?? null,
      detail,
    };
    if (type === 'provider.breaker_opened') logger.warn(facts, 'a provider fails: its breaker is open');
    else logger.info(facts, 'a provider is back: its breaker is closed');
  }
}

/** What opened it, in a sentence. */
export function whyOpened(row: ProviderHealthRow, nowMs: number): string {
  const { calls, failures } = sumRecent(row.recent, nowMs);
  return `${row.streak} failures in a row, ${failures} of ${calls} calls in the last seconds; the last: ${row.lastFailure ?? 'unknown'}`;
}
