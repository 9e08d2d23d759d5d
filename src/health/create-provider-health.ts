import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { closed, holdOpen } from '../domain/health/breaker.ts';
import { pausedUntil } from '../domain/health/budget.ts';
import { outcomeOf } from '../domain/health/outcome.ts';
import { changeHealth } from '../db/queries/provider-health.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import type { Logger } from '../logger.ts';
import { retryAfterMs } from '../providers/failures.ts';
import type { HttpCall } from '../providers/port.ts';
import { assignBreaker, breakerOf, viewOfRow } from './health-row.ts';
import { addCall, createKnownAccounts, type KnownAccount } from './known-accounts.ts';
import { logBreaker, noteBreaker, type BreakerNews } from './note-breaker.ts';
import type { BreakerMove, ProviderHealth } from './provider-health.ts';
import { createShareCounts, type SharingDeps } from './share-counts.ts';
import { createSpendBudget } from './spend-budget.ts';
import { createTrials } from './trials.ts';

/** How old what this process knows of the others' calls may be, and what is lost when it is killed. */
const shareEveryMs = 500;

export interface HealthDeps {
  readonly orm: MikroORM;
  readonly logger: Logger;
  /** Processes' clocks should agree to a second: times are written by one and read by another. */
  readonly nowMs?: () => number;
  /** In [0, 1). */
  readonly chance?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** 0: only when told by `sync`. */
  readonly shareEveryMs?: number;
}

/** The health of every account, shared over the table `provider_health`. `close()` it. */
export function createProviderHealth(input: HealthDeps): ProviderHealth {
  const accounts = createKnownAccounts();
  const { orm, logger, nowMs = Date.now, chance = Math.random } = input;
  const deps: SharingDeps = { orm, logger, nowMs, chance, accounts };
  const trials = createTrials(deps);
  const spend = createSpendBudget({ ...deps, sleep: input.sleep ?? sleep });
  const viewOf = (account: KnownAccount) => viewOfRow(account.row, account.limit, nowMs());
  const sharing = shareRegularly(createShareCounts(deps), () => trials.endOverdue(), input);

  function observe(account: KnownAccount, call: HttpCall): void {
    const outcome = outcomeOf(call);
    account.counted = addCall(account.counted, outcome, nowMs());
    if (outcome.kind === 'limited') {
      account.pausedUntilMs = pausedUntil(account.pausedUntilMs, retryAfterMs(call.retryAfter ?? undefined), nowMs());
      account.counted = { ...account.counted, pausedUntilMs: account.pausedUntilMs };
    }
    // A clock's milliseconds are cut off: a call of this very trial must not seem older than it.
    trials.note(account, outcome.kind === 'failed', nowMs() - Math.floor(call.durationMs));
  }

  return {
    viewOf: (key) => viewOf(accounts.of(key)),
    views: () =>
      accounts.all().flatMap((account) => (account.row ? [{ key: account.key, view: viewOf(account) }] : [])),
    enter: (key) => trials.enter(key),
    leave: (key) => trials.leave(key),
    http(key, { priority, rateLimit, ...settings }) {
      const account = accounts.of(key);
      account.limit = rateLimit;
      return {
        ...settings,
        admit: () => spend(account, priority),
        observe: (call) => observe(account, call),
      };
    },
    async move(key, move) {
      const rows = await moveBreaker(deps, key, move);
      accounts.keep(rows);
      return viewOf(accounts.of(key));
    },
    sync: sharing.now,
    async close() {
      sharing.stop();
      for (const { key } of accounts.all()) trials.leave(key);
      await trials.settle();
      await sharing.now().catch((error: unknown) => logger.error({ err: error }, 'the last counts were not written'));
    },
  };
}

/** One sharing at a time. While the database is away, it is told once and tried on. */
function shareRegularly(share: () => Promise<void>, before: () => void, { logger, ...input }: HealthDeps) {
  let last: Promise<void> = Promise.resolve();
  let isAway = false;
  const now = () => (last = last.catch(() => undefined).then(share));
  const tick = async () => {
    before();
    try {
      await now();
      isAway = false;
    } catch (error) {
      if (!isAway) logger.error({ err: error }, 'the health of providers cannot be shared');
      isAway = true;
    }
  };
  const everyMs = input.shareEveryMs ?? shareEveryMs;
  let isTicking = false;
  const timer =
    everyMs === 0
      ? null
      : setInterval(() => {
          if (isTicking) return;
          isTicking = true;
          void tick().finally(() => (isTicking = false));
        }, everyMs).unref();
  return { now, stop: () => timer && clearInterval(timer) };
}

async function moveBreaker(
  { orm, logger, nowMs }: SharingDeps,
  key: AccountKey,
  { state, reason, actor }: BreakerMove,
) {
  const news: BreakerNews[] = [];
  const rows = await changeHealth(orm.em, [key], (tx, row) => {
    const before = row.state;
    assignBreaker(row, (state === 'open' ? holdOpen : closed)(breakerOf(row), nowMs()));
    row.held = state === 'open' ? reason : null;
    const noted = noteBreaker(tx, row, { before, actor, detail: reason, always: true });
    if (noted) news.push(noted);
  });
  logBreaker(logger, news);
  return rows;
}
