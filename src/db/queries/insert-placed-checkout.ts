import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { Arm, RolloutStage } from '../../domain/rollout/rollout.ts';
import { RolloutAssignmentEntity, type RolloutAssignment } from '../entities/rollout.ts';
import { insertStatement, type Statement } from '../insert-statement.ts';
import type { Db } from '../orm.ts';
import { executePrepared, transactPrepared, type RunPrepared } from '../prepared.ts';

/** An arm that is drawn for an organization, and what it was drawn from. */
export interface NewAssignment extends Omit<RolloutAssignment, 'createdAt'> {
  /** The stage that drew it. */
  readonly drawnFrom: RolloutStage;
}

/**
 * Inserts a checkout's rows together with the assignment that its decision rests on: all of them or none.
 *
 * @param rows Single-row `insert … values` statements.
 * @returns false when the rollout has moved, its first customers are full, or another checkout of the organization drew
 *   meanwhile: nothing is written, and the decision has to be made anew.
 */
export async function insertPlaced(
  em: Db,
  assignment: NewAssignment,
  rows: readonly [Statement, ...Statement[]],
): Promise<boolean> {
  const { drawnFrom, ...row } = assignment;
  const statement = placedStatement(em, row, rows);
  try {
    // Only where places are counted does anybody wait for a lock.
    if (drawnFrom.kind !== 'first' || row.arm === 'control') return (await executePrepared(em, statement)).length === 1;
    return await transactPrepared(em, async (run) => {
      if (!(await hasRoom(run, row, drawnFrom.customers))) return false;
      return (await run(statement)).length === 1;
    });
  } catch (error) {
    if (isAssigned(error)) return false;
    throw error;
  }
}

/** One after another, by the rollout's row: the count that follows the lock sees whom the others placed. */
async function hasRoom(run: RunPrepared, row: Pick<RolloutAssignment, 'rolloutId'>, places: number): Promise<boolean> {
  await run({ sql: 'select id from rollouts where id = ? for no key update', params: [row.rolloutId] });
  const treatment: Arm = 'treatment';
  const [counted] = await run<{ count: number }>({
    sql: 'select count(*)::integer as count from rollout_assignments where rollout_id = ? and arm = ?',
    params: [row.rolloutId, treatment],
  });
  return (counted?.count ?? 0) < places;
}

/** Everything hangs on the assignment, and that on the rollout as it was when the arm was drawn. */
function placedStatement(
  em: Db,
  row: Omit<RolloutAssignment, 'createdAt'>,
  rows: readonly [Statement, ...Statement[]],
): Statement {
  const assignment = from('rollout', insertStatement(em, RolloutAssignmentEntity, { ...row, createdAt: new Date() }));
  const others = rows.map((each) => from('assignment', each));
  const named = others.slice(0, -1).map(({ sql }, index) => `row_${index} as (${sql})`);
  const last = others.at(-1);
  return {
    sql: `with rollout as (select id from rollouts where id = ? and stage = ?::integer and status in ('running', 'paused')
        and superseded_at is null),
      assignment as (${assignment.sql} returning organization_id), ${named.join(', ')}
      ${last?.sql ?? ''} returning id`,
    params: [row.rolloutId, row.stage, ...assignment.params, ...others.flatMap(({ params }) => params)],
  };
}

/** The same row, but only where that is there. */
function from(source: string, { sql, params }: Statement): Statement {
  return { sql: sql.replace(/ values \((.*)\)$/, ` select $1 from ${source}`), params };
}

function isAssigned(error: unknown): boolean {
  return error instanceof UniqueConstraintViolationException && error.message.includes('rollout_assignments_pkey');
}
