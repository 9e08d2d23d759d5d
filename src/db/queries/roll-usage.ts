import type { Db } from '../orm.ts';
import { rebaseUsage } from './rebase-usage.ts';
import { endOfChunk, foldedAtOnce, foldEvents, lockMark, moveMark, type XidRange } from './usage-rollup.ts';

/** `idle`: nothing to count. `busy`: somebody else counts. `more`: a full chunk was counted, and there is more. */
export type Rolled = 'idle' | 'busy' | 'done' | 'more' | 'rebased';

export interface RollOptions {
  /** Events at a time. */
  readonly size?: number;
  /** Waits for whoever counts now. */
  readonly wait?: boolean;
}

/**
 * Counts the next events into the rollups, and moves the mark over them in the same transaction. An event may be counted
 * once every transaction that began before its own has ended: none with a smaller id comes after that.
 */
export async function rollUsage(em: Db, { size = foldedAtOnce, wait = false }: RollOptions = {}): Promise<Rolled> {
  const seen = await look(em);
  if (seen.isForeign) return rebaseUsage(em);
  if (!seen.hasEvents) return 'idle';
  return em.transactional(async (tx) => {
    const range = await lockMark(tx, wait);
    return range === null ? 'busy' : fold(tx, range, size);
  });
}

async function fold(tx: Db, range: XidRange, size: number): Promise<Rolled> {
  const to = await endOfChunk(tx, range, size);
  if (to === null) return 'idle';
  await foldEvents(tx, { from: range.from, to });
  await moveMark(tx, { from: range.from, to });
  return to === range.to ? 'done' : 'more';
}

/** Without a lock and a transaction id of its own: most looks find nothing. */
async function look(em: Db): Promise<{ readonly isForeign: boolean; readonly hasEvents: boolean }> {
  const [row] = await em.execute<{ isForeign: boolean; hasEvents: boolean }[]>(
    `select mark.xid > pg_snapshot_xmax(pg_current_snapshot()) as "isForeign", exists (
       select from usage_events where xid >= mark.xid and xid < pg_snapshot_xmin(pg_current_snapshot())) as "hasEvents"
     from usage_marks mark where mark.name = 'rollup'`,
  );
  return row ?? { isForeign: false, hasEvents: false };
}

/** Counts everything that has been accepted until now. */
export async function rollUsageToNow(em: Db): Promise<void> {
  while (['more', 'rebased'].includes(await rollUsage(em, { wait: true })));
}
