import { readItemWork } from '../db/queries/migration-stand.ts';
import { isOverItem } from '../domain/migration/next-step.ts';
import type { MigrationItemState } from '../domain/migration/migration.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { finish } from './migrate/finish.ts';

export interface StopMigrationItemInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly itemId: string;
  readonly now: string;
  readonly code: string;
  readonly because: string;
}

/** A step failed in a way that no repeat can mend: a person is asked, once. One that is over stays as it is. */
export function createStopMigrationItem(deps: ActivityDeps) {
  return function stopMigrationItem(input: StopMigrationItemInput): Promise<{ readonly state: MigrationItemState }> {
    return keepInStep(async () => {
      const work = await readItemWork(deps.orm.em.fork(), input, input.itemId);
      const { state } = work.item;
      if (isOverItem(state)) return { state };
      const { code, because } = input;
      const move = { ...work, deps, old: 'unknown', new: 'unknown', nowMs: Date.parse(input.now) } as const;
      await finish(move, { kind: 'end', state: 'attention', code, because });
      return { state: 'attention' };
    });
  };
}
