import type { Db } from '../orm.ts';
import { addHours, hoursOfEvents, lockMark } from './usage-rollup.ts';

/**
 * Transactions whose rows were copied in from elsewhere. A row that an app's request stored carries the id of the very
 * transaction that wrote it; one that a restore wrote carries that of another cluster.
 */
const copied = `copies as materialized (
  select distinct xmin::text as writer from usage_events where xid::text::numeric % 4294967296 <> xmin::text::numeric)`;
const isCopied = 'e.xmin::text in (select writer from copies)';

/** Where the newest report of each project and mode begins, stands and ends: positions that must keep their order. */
const newestReports = `newest as (
    select distinct on (project_id, live) id, project_id, live, from_xid, cursor, to_xid
    from usage_reports where from_xid is not null order by project_id, live, id desc),
  bounds as (
    select distinct newest.project_id, newest.live, bound.at
    from newest cross join lateral (values (from_xid), (cursor), (to_xid)) as bound (at) where bound.at is not null)`;

/** Below every transaction id that a cluster gives out to anybody: 3 to 6, then the mark. */
const lowest = 3;
const markAfter = '7';

const positionOf = (at: string, owner: string) =>
  `(${lowest} + (select count(*) from bounds where bounds.project_id = ${owner}.project_id and bounds.live = ${owner}.live
    and bounds.at <= ${at}))::text::xid8`;

/**
 * After the database was restored into another cluster, transaction ids begin anew, and new events would lie below the
 * mark and below the reports: counted and reported never. Everything restored is counted to its end, then given positions
 * below all ids that the new cluster will use, in their old order as far as anybody still asks: before, within and after
 * each project's newest report. One transaction; events wait for it.
 *
 * @returns `idle` where another relay has done it.
 */
export async function rebaseUsage(em: Db): Promise<'rebased' | 'idle'> {
  return em.transactional(async (tx) => {
    const mark = await lockMark(tx, true);
    if (mark === null || BigInt(mark.from) <= BigInt(mark.to)) return 'idle';
    await tx.execute('lock table usage_events, usage_reports in share row exclusive mode');
    await tx.execute(
      `with ${copied}, ${hoursOfEvents('meters m', `e.xid >= ?::xid8 and ${isCopied}`)}, ${addHours}`,
      [mark.from],
      'run',
    );
    await tx.execute(
      `with ${copied}, ${newestReports} update usage_events e set xid = ${positionOf('e.xid', 'e')} where ${isCopied}`,
    );
    await tx.execute(
      `with ${newestReports}
       update usage_reports r set
         from_xid = case when newest.id is null then '${lowest}' else ${positionOf('r.from_xid', 'r')} end,
         to_xid = case when newest.id is null then '${lowest}' else ${positionOf('r.to_xid', 'r')} end,
         cursor = case when newest.id is null then '${lowest}' when r.cursor is not null then ${positionOf('r.cursor', 'r')} end
       from usage_reports self left join newest on newest.id = self.id
       where self.id = r.id and r.from_xid is not null`,
    );
    await tx.execute('delete from usage_hours');
    await tx.execute(`update usage_marks set xid = ?::xid8, updated_at = now() where name = 'rollup'`, [markAfter]);
    return 'rebased';
  });
}
