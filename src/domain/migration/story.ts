import type { MigrationItemState, MigrationStatus } from './migration.ts';

type Counts = Readonly<Partial<Record<MigrationItemState, number>>>;

const moving: readonly MigrationItemState[] = ['notified', 'opened', 'moved', 'canceling', 'watching'];

/** One line for people: where a migration is, and with how many customers. */
export function storyOf(status: MigrationStatus, items: Counts): string {
  const of = (...states: readonly MigrationItemState[]) => states.reduce((sum, state) => sum + (items[state] ?? 0), 0);
  const parts = [
    [of('found'), 'without a verdict yet'],
    [of('planned'), 'to be told'],
    [of(...moving), 'on the way'],
    [of('done'), 'done'],
    [of('kept', 'left', 'rolled_back'), 'stayed or left'],
    [of('excluded'), 'excluded'],
    [of('attention'), 'for a person'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${status}: ${told.length === 0 ? 'nobody yet' : told.join(', ')}`;
}
