import type { MikroORM } from '@mikro-orm/postgresql';
import type { ProviderHealthRow } from '../db/entities/provider-health.ts';
import { changeHealth, listHealthSince } from '../db/queries/provider-health.ts';
import { countCalls } from '../domain/health/breaker.ts';
import type { Logger } from '../logger.ts';
import { assignBreaker, breakerOf } from './health-row.ts';
import { joinCounted, nothingCounted, type Counted, type KnownAccount, type KnownAccounts } from './known-accounts.ts';
import { logBreaker, noteBreaker, whyOpened, type BreakerNews } from './note-breaker.ts';

export interface SharingDeps {
  readonly orm: MikroORM;
  readonly logger: Logger;
  readonly accounts: KnownAccounts;
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
}

/**
 * Tells the others what this process has counted, all accounts in one transaction, and reads what they have.
 *
 * @throws {DriverException} when the database is away: nothing counted is lost, the next time tells it.
 */
export function createShareCounts(deps: SharingDeps): () => Promise<void> {
  let readUntil: Date | null = null;
  return async () => {
    await write(deps);
    const rows = await listHealthSince(deps.orm.em.fork(), readUntil);
    deps.accounts.keep(rows);
    // A process whose clock is ahead must not hide what the others write.
    const newestMs = Math.max(...rows.map(({ updatedAt }) => updatedAt.getTime()), readUntil?.getTime() ?? 0);
    readUntil = newestMs === 0 ? null : new Date(Math.min(newestMs, Date.now()));
  };
}

async function write({ orm, logger, accounts, nowMs, chance }: SharingDeps): Promise<void> {
  const taken = new Map<KnownAccount, Counted>();
  for (const account of accounts.all()) {
    if (account.counted === nothingCounted) continue;
    taken.set(account, account.counted);
    account.counted = nothingCounted;
  }
  if (taken.size === 0) return;
  const news: BreakerNews[] = [];
  try {
    const keys = [...taken.keys()].map(({ key }) => key);
    const rows = await changeHealth(orm.em, keys, (tx, row) => {
      const counted = taken.get(accounts.of(row));
      if (!counted) return;
      const before = row.state;
      apply(row, counted, nowMs(), chance());
      const noted = noteBreaker(tx, row, { before, actor: 'provider-health', detail: whyOpened(row, nowMs()) });
      if (noted) news.push(noted);
    });
    accounts.keep(rows);
  } catch (error) {
    for (const [account, counted] of taken) account.counted = joinCounted(counted, account.counted);
    throw error;
  }
  logBreaker(logger, news);
}

function apply(row: ProviderHealthRow, counted: Counted, nowMs: number, chance: number): void {
  assignBreaker(row, countCalls(breakerOf(row), counted, nowMs, chance));
  if (counted.lastFailure) row.lastFailure = counted.lastFailure.code;
  row.lastSuccessAt = dateOf(counted.lastSuccessAtMs) ?? row.lastSuccessAt;
  // Refused again and again it is still refused since the first time; an answer ends it.
  if (counted.lastSuccessAtMs !== null) row.rejectedAt = dateOf(counted.rejectedAtMs);
  else row.rejectedAt ??= dateOf(counted.rejectedAtMs);
  const pausedUntilMs = Math.max(row.pausedUntil?.getTime() ?? 0, counted.pausedUntilMs ?? 0);
  row.pausedUntil = pausedUntilMs > nowMs ? new Date(pausedUntilMs) : null;
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
