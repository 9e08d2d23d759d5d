import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { decideCancel, decideUndoCancel } from '../../domain/subscription/cancel-plan.ts';
import { decideResume } from '../../domain/subscription/pause-plan.ts';
import type { ApiDeps } from '../deps.ts';
import { situationOf } from '../routes/subscription-operations.ts';

/** Which buttons a subscription gets: those that would be refused are not shown. */
export interface PossibleActs {
  /** When a cancellation takes effect; null: it cannot be canceled, or is already. */
  readonly cancel: 'now' | 'period_end' | null;
  /** Taking a cancellation back. */
  readonly keep: boolean;
  readonly resume: boolean;
}

/** Asks the very decisions that the API's operations ask. */
export async function listPossibleActs(
  deps: ApiDeps,
  em: Db,
  rows: readonly Subscription[],
): Promise<ReadonlyMap<string, PossibleActs>> {
  const possible = new Map<string, PossibleActs>();
  for (const row of rows) if (row.endedAt === null) possible.set(row.id, await actsOf(deps, em, row));
  return possible;
}

async function actsOf(deps: ApiDeps, em: Db, row: Subscription): Promise<PossibleActs> {
  const { present, means } = await situationOf(deps, em, row);
  if (present.cancelAtPeriodEnd || present.waiting.cancel !== null)
    return { cancel: null, keep: 'plan' in decideUndoCancel(present, means), resume: false };
  const cancel = decideCancel(present, 'period_end', means);
  return {
    cancel: 'plan' in cancel ? cancel.plan.timing : null,
    keep: false,
    resume: row.status === 'paused' && 'plan' in decideResume(present, means),
  };
}
