import { changeHealth } from '../db/queries/provider-health.ts';
import { BillingError } from '../domain/errors.ts';
import { leaseCalls, leaseKeptMs, leaseSize, type Priority, type RateLimit } from '../domain/health/budget.ts';
import { bucketOf } from './health-row.ts';
import type { KnownAccount, Purse } from './known-accounts.ts';
import type { SharingDeps } from './share-counts.ts';

/** What somebody who waits for an answer waits for the budget; then the next provider serves sooner. */
const patienceMs = 250;

/** What a caller with Temporal's patience is told at least: asked at once again, it would be in its own way. */
const leastRetryMs = 1_000;

export type SpendBudget = (account: KnownAccount, priority: Priority) => Promise<void>;

/**
 * Takes one call out of the account's budget, for which calls are leased from the database in small numbers ahead of
 * need. Waits shortly where the budget is used up, or the provider asked for a pause.
 *
 * @throws {BillingError} `provider_rate_limited`: nothing was sent.
 */
export function createSpendBudget(deps: SharingDeps & { readonly sleep: (ms: number) => Promise<void> }): SpendBudget {
  const { orm, accounts, nowMs, sleep } = deps;

  function lease(account: KnownAccount, priority: Priority, limit: RateLimit): Promise<void> {
    const purse = account.purses[priority];
    purse.leasing ??= ask(account, priority, limit, purse).finally(() => {
      purse.leasing = null;
    });
    return purse.leasing;
  }

  async function ask(account: KnownAccount, priority: Priority, limit: RateLimit, purse: Purse): Promise<void> {
    let granted = 0;
    const rows = await changeHealth(orm.em, [account.key], (_tx, row) => {
      const input = { wanted: leaseSize(limit), priority, nowMs: nowMs() };
      const leased = leaseCalls(bucketOf(row), limit, input);
      granted = leased.granted;
      purse.waitMs = leased.waitMs;
      row.budgetTokens = leased.bucket.tokens;
      row.budgetAt = new Date(leased.bucket.atMs);
    });
    accounts.keep(rows);
    if (granted === 0) return;
    purse.calls = (purse.keptUntilMs > nowMs() ? purse.calls : 0) + granted;
    purse.keptUntilMs = nowMs() + leaseKeptMs;
  }

  /** @returns whether the call may go now. */
  async function take(account: KnownAccount, priority: Priority, limit: RateLimit): Promise<boolean> {
    const purse = account.purses[priority];
    if (purse.keptUntilMs <= nowMs()) purse.calls = 0;
    if (purse.calls < 1) await lease(account, priority, limit);
    if (purse.calls < 1) return false;
    purse.calls -= 1;
    // Ahead of need, where calls are many: the next one finds its own. If that fails, the next one asks itself.
    if (purse.calls < 1 && leaseSize(limit) > 1) lease(account, priority, limit).catch(() => undefined);
    return true;
  }

  return async (account, priority) => {
    const patience = priority === 'foreground' ? patienceMs : 0;
    const pauseMs = account.pausedUntilMs - nowMs();
    if (pauseMs > patience) throw overBudget(account, pauseMs);
    if (pauseMs > 0) await sleep(pauseMs);
    const { limit } = account;
    if (limit === null) return;
    const untilMs = nowMs() + patience;
    while (!(await take(account, priority, limit))) {
      const { waitMs } = account.purses[priority];
      // 0: others took what was leased just now, so there is more.
      if (waitMs > 0 && nowMs() + waitMs > untilMs) throw overBudget(account, waitMs);
      await sleep(waitMs);
    }
  };
}

function overBudget({ key }: KnownAccount, waitMs: number): BillingError {
  return new BillingError({
    code: 'provider_rate_limited',
    kind: 'rate_limited',
    message: 'The account’s calls are used up for the moment: nothing was sent.',
    details: { provider: key.provider, status: null, provider_code: 'rate_budget' },
    retryAfterMs: Math.max(waitMs, leastRetryMs),
  });
}
