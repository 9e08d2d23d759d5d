import { changeHealth, claimTrialOf } from '../db/queries/provider-health.ts';
import { isTrialDue, judgeTrial, trialLeaseMs, type TrialVerdict } from '../domain/health/breaker.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { assignBreaker, breakerOf } from './health-row.ts';
import type { KnownAccount, RunningTrial } from './known-accounts.ts';
import { logBreaker, noteBreaker, type BreakerNews } from './note-breaker.ts';
import type { SharingDeps } from './share-counts.ts';

/** Who may call an account whose breaker is not closed: one at a time, over all processes. */
export function createTrials(deps: SharingDeps) {
  const { orm, logger, accounts, nowMs, chance } = deps;
  const judging = new Set<Promise<void>>();

  async function judge(account: KnownAccount, trial: RunningTrial): Promise<void> {
    const news: BreakerNews[] = [];
    const rows = await changeHealth(orm.em, [account.key], (tx, row) => {
      // Its time ran out and another process has the trial: that one's verdict counts.
      if (row.trialUntil?.getTime() !== trial.untilMs) return;
      const before = row.state;
      assignBreaker(row, judgeTrial(breakerOf(row), verdictOf(trial), nowMs(), chance()));
      // After a bad one it stays open for longer, which is no news.
      const noted = noteBreaker(tx, row, { before, actor: 'provider-health', detail: 'its trials were answered' });
      if (noted) news.push(noted);
    });
    accounts.keep(rows);
    logBreaker(logger, news);
  }

  function finish(account: KnownAccount): void {
    const { trial } = account;
    if (!trial) return;
    account.trial = null;
    const judged = judge(account, trial)
      // The claim lapses by itself; the next trial decides.
      .catch((error: unknown) => logger.error({ err: error, ...account.key }, 'a trial could not be judged'))
      .finally(() => judging.delete(judged));
    judging.add(judged);
  }

  return {
    async enter(key: AccountKey): Promise<'go' | 'trial' | 'open'> {
      const account = accounts.of(key);
      const { row } = account;
      if (row === null || row.state === 'closed') return 'go';
      const startedAtMs = nowMs();
      if (account.isClaiming || account.trial || !isTrialDue(breakerOf(row), startedAtMs)) return 'open';
      account.isClaiming = true;
      try {
        const untilMs = startedAtMs + trialLeaseMs;
        if (!(await claimTrialOf(orm.em.fork(), key, startedAtMs, untilMs))) return 'open';
        account.trial = { startedAtMs, untilMs, answered: 0, failed: 0 };
        return 'trial';
      } finally {
        account.isClaiming = false;
      }
    },
    leave: (key: AccountKey): void => finish(accounts.of(key)),
    /** A call that began before the trial says nothing of it. The first failure ends it. */
    note(account: KnownAccount, isFailure: boolean, startedAtMs: number): void {
      const { trial } = account;
      if (!trial || startedAtMs < trial.startedAtMs) return;
      if (!isFailure) trial.answered += 1;
      else {
        trial.failed += 1;
        finish(account);
      }
    },
    /** Those whose work died without leaving. */
    endOverdue(): void {
      for (const account of accounts.all()) if (account.trial && account.trial.untilMs <= nowMs()) finish(account);
    },
    async settle(): Promise<void> {
      await Promise.all(judging);
    },
  };
}

function verdictOf({ answered, failed }: RunningTrial): TrialVerdict {
  if (failed > 0) return 'bad';
  return answered > 0 ? 'good' : 'none';
}
