import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { MigrationProgress } from '../activities/migration-row.ts';
import { migrationItemStates } from '../domain/migration/migration.ts';
import { storyOf } from '../domain/migration/story.ts';
import {
  abortMigrationUpdate,
  migrationItemEndedSignal,
  migrationItemWaitsSignal,
  migrationQuery,
  pauseMigrationUpdate,
  resumeMigrationUpdate,
  whyQuery,
  type MigrateInput,
  type MigrationState,
} from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

const rememberedLines = 20;

type Act = 'pause' | 'resume' | 'abort';

/**
 * Where operators see how far a migration is and steer it, and where its customers' workflows give their places back. Its
 * handlers are set at once, before anything is awaited; what is held or ended stands in the row, and is read from there.
 *
 * @param record Writes what an operator wishes; answers the row as it then is.
 */
export function openMigrationDesk(input: MigrateInput, record: (act: Act) => Promise<MigrationProgress>) {
  const active = new Set(input.carried?.active);
  const lines = [...(input.carried?.story ?? [])];
  let state: MigrationState = { status: 'requested', items: {}, active: active.size };
  let ended = 0;
  let writing: Promise<unknown> = Promise.resolve();

  /** One write at a time, so that the row ends as the last wish was. */
  const steer = async (act: Act): Promise<MigrationState> => {
    const mine = writing.then(() => record(act));
    writing = mine.catch(() => undefined);
    const before = state.status;
    read(await mine);
    if (state.status !== before) tell(`${act} by an operator: ${state.status}`);
    return state;
  };
  const leave = ({ itemId }: { readonly itemId: string }): void => {
    active.delete(itemId);
    show();
  };
  setHandler(migrationQuery, () => ({ ...state, active: active.size }), { description: 'How far it is' });
  setHandler(whyQuery, () => (lines.length === 0 ? 'starting' : lines.join('\n')), {
    description: 'The story so far',
  });
  setHandler(pauseMigrationUpdate, () => steer('pause'), { description: 'Nobody else is told until it goes on' });
  setHandler(resumeMigrationUpdate, () => steer('resume'), { description: 'Lets it go on' });
  setHandler(abortMigrationUpdate, () => steer('abort'), {
    description: 'Ends it: who is not past the point of no return goes back',
  });
  setHandler(migrationItemWaitsSignal, leave, { description: 'A customer has been told, or is only waited for' });
  setHandler(
    migrationItemEndedSignal,
    (signal) => {
      ended += 1;
      leave(signal);
    },
    { description: 'A customer is at their end' },
  );

  return {
    read,
    tell,
    isPaused: () => state.status === 'paused',
    isAborting: () => state.status === 'aborting',
    /** Places of the window that are taken. */
    active: (): readonly string[] => [...active],
    take: (itemId: string) => void active.add(itemId),
    keepOnly(itemIds: readonly string[]): void {
      for (const itemId of active) if (!itemIds.includes(itemId)) active.delete(itemId);
    },
    /** Customers that came to their end so far, as their workflows told. */
    ended: () => ended,
    close(progress: MigrationProgress, failure: { readonly code: string } | null): void {
      read(progress);
      tell(failure === null ? `**${progress.status}**` : `**${progress.status}**: ${failure.code}`);
      upsertSearchAttributes([{ key: searchAttributes.status, value: progress.status }]);
    },
    story: () => lines.slice(-rememberedLines),
  };

  function read({ status, items }: MigrationProgress): void {
    state = { status, items, active: active.size };
    show();
  }

  function tell(line: string): void {
    lines.push(`${new Date().toISOString()} ${line}`);
    show();
  }

  function show(): void {
    const { status, items } = state;
    const counted = migrationItemStates.filter((name) => (items[name] ?? 0) > 0);
    const table = ['| state | customers |', '|---|--:|', ...counted.map((name) => `| ${name} | ${items[name] ?? 0} |`)];
    setCurrentDetails(
      [
        `**${storyOf(status, items)}**; ${active.size} at work`,
        ...(counted.length === 0 ? [] : [table.join('\n')]),
        ...lines.slice(-rememberedLines),
      ].join('\n\n'),
    );
  }
}

export type MigrationDesk = ReturnType<typeof openMigrationDesk>;
