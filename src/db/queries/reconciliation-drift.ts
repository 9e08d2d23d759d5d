import type { DifferenceKind } from '../../domain/reconciliation/difference.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** How far our books agreed with one account at a provider, over the runs that went through. */
export interface Drift {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly lastId: string;
  readonly lastSuccessAt: Date;
  readonly last: Measured;
  readonly week: Measured;
  readonly month: Measured;
}

export interface Measured {
  readonly compared: number;
  /** Objects about which the two sides differed when they were compared, mended since or not. */
  readonly differing: number;
}

/** Every account that was ever compared. @param scope null: of all projects, for metrics. */
export async function measureDrift(em: Db, scope: Scope | null): Promise<readonly Drift[]> {
  const rows = await em.execute<Row[]>(
    `with last as (
       select distinct on (project_id, live, provider) project_id, live, provider, id, compared, finished_at
       from reconciliation_runs
       where status = 'succeeded' and (?::text is null or (project_id = ? and live = ?::boolean))
       order by project_id, live, provider, finished_at desc),
     recent as (
       select run.id, run.project_id, run.live, run.provider, run.compared, run.finished_at
       from reconciliation_runs run join last using (project_id, live, provider)
       where run.status = 'succeeded' and run.finished_at > now() - interval '30 days' or run.id = last.id),
     counted as (
       select recent.*, (select count(distinct (object_kind, object_id)) from reconciliation_differences
         where run_id = recent.id)::integer as differing
       from recent)
     select last.project_id as "projectId", last.live, last.provider, last.id as "lastId",
       last.finished_at as "lastSuccessAt", last.compared as "lastCompared",
       max(differing) filter (where counted.id = last.id) as "lastDiffering",
       coalesce(sum(counted.compared) filter (where counted.finished_at > now() - interval '7 days'), 0)::float8 as "weekCompared",
       coalesce(sum(differing) filter (where counted.finished_at > now() - interval '7 days'), 0)::float8 as "weekDiffering",
       coalesce(sum(counted.compared) filter (where counted.finished_at > now() - interval '30 days'), 0)::float8 as "monthCompared",
       coalesce(sum(differing) filter (where counted.finished_at > now() - interval '30 days'), 0)::float8 as "monthDiffering"
     from last join counted using (project_id, live, provider)
     group by last.project_id, last.live, last.provider, last.id, last.finished_at, last.compared
     order by last.project_id, last.live, last.provider`,
    [scope?.projectId ?? null, scope?.projectId ?? null, scope?.live ?? null],
  );
  return rows.map((row) => ({
    ...{ projectId: row.projectId, live: row.live, provider: row.provider, lastId: row.lastId },
    lastSuccessAt: new Date(row.lastSuccessAt),
    last: { compared: row.lastCompared, differing: row.lastDiffering },
    week: { compared: row.weekCompared, differing: row.weekDiffering },
    month: { compared: row.monthCompared, differing: row.monthDiffering },
  }));
}

interface Row {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly lastId: string;
  readonly lastSuccessAt: Date | string;
  readonly lastCompared: number;
  readonly lastDiffering: number;
  readonly weekCompared: number;
  readonly weekDiffering: number;
  readonly monthCompared: number;
  readonly monthDiffering: number;
}

export interface OpenDifferences {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly kind: DifferenceKind;
  readonly count: number;
}

/** What is being mended, or waits for a person; each object once, in however many runs it was found. */
export async function countOpenDifferences(em: Db, scope: Scope | null): Promise<readonly OpenDifferences[]> {
  return em.execute<OpenDifferences[]>(
    `select d.project_id as "projectId", d.live, d.provider, d.kind,
       count(distinct (d.object_kind, d.object_id))::integer as count
     from reconciliation_differences d
     join reconciliation_runs run on run.id = d.run_id
     left join review_items review on review.id = d.review_id
     where (d.status = 'queued' and review.status = 'open' or d.status = 'found' and run.status in ('requested', 'running'))
       and (?::text is null or (d.project_id = ? and d.live = ?::boolean))
     group by d.project_id, d.live, d.provider, d.kind order by d.project_id, d.live, d.provider, d.kind`,
    [scope?.projectId ?? null, scope?.projectId ?? null, scope?.live ?? null],
  );
}

/** By provider, whatever asked them. */
export async function countOpenReviews(em: Db, scope: Scope): Promise<ReadonlyMap<string, number>> {
  const rows = await em.execute<{ readonly provider: string; readonly count: number }[]>(
    `select provider, count(*)::integer as count from review_items
     where project_id = ? and live = ? and status = 'open' and provider is not null group by provider`,
    [scope.projectId, scope.live],
  );
  return new Map(rows.map(({ provider, count }) => [provider, count]));
}
