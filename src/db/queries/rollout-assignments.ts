import type { Arm } from '../../domain/rollout/rollout.ts';
import type { Db } from '../orm.ts';
import { attemptParams, attempts, type MeasuredRollout } from './rollout-figures.ts';

/** An organization in its arm, and what became of its first checkout. */
export interface AssignmentRow {
  readonly organizationId: string;
  readonly arm: Arm;
  readonly bucket: number;
  readonly stage: number;
  readonly checkoutId: string;
  /** Who served it; null: nobody yet. */
  readonly provider: string | null;
  readonly outcome: 'succeeded' | 'failed' | 'unknown';
  readonly createdAt: Date;
}

/** By organization, one more than `limit`. */
export async function listAssignments(
  em: Db,
  rollout: MeasuredRollout,
  page: { readonly arm: Arm | null; readonly after: string | null; readonly limit: number },
): Promise<readonly AssignmentRow[]> {
  const { arm, after, limit } = page;
  const rows = await em.execute<(Omit<AssignmentRow, 'createdAt'> & { readonly createdAt: Date | string })[]>(
    `with ${attempts},
     page as (
       select * from rollout_assignments where rollout_id = ? and (?::text is null or arm = ?)
         and (?::text is null or organization_id > ?) order by organization_id limit ?)
     select page.organization_id as "organizationId", page.arm, page.bucket, page.stage,
       page.checkout_id as "checkoutId", attempt.provider, coalesce(attempt.outcome, 'unknown') as outcome,
       page.created_at as "createdAt"
     from page left join attempt on attempt.id = page.checkout_id order by page.organization_id`,
    [...attemptParams(rollout, new Date()), rollout.id, arm, arm, after, after, limit + 1],
  );
  return rows.map((row) => ({ ...row, createdAt: new Date(row.createdAt) }));
}
