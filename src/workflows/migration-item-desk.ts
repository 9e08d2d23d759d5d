import {
  ApplicationFailure,
  condition,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { AdvancedMigrationItem } from '../activities/advance-migration-item.ts';
import type { MigrationItemState } from '../domain/migration/migration.ts';
import {
  migrationAbortedSignal,
  migrationItemNewsSignal,
  migrationItemQuery,
  remindItemUpdate,
  rollBackItemUpdate,
  whyQuery,
  type MigrateCustomerCarried,
  type MigrateCustomerInput,
} from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

const rememberedLines = 20;

/** Where a customer's move is told from outside, and tells. Its handlers are set at once, before anything is awaited. */
export function openItemDesk({ carried }: MigrateCustomerInput) {
  let now: AdvancedMigrationItem | null = null;
  let state: MigrationItemState = 'planned';
  let isWithdrawn = carried?.isWithdrawn ?? false;
  let remindTo = carried?.remindTo ?? 0;
  let hasNews = false;
  /** Waits, having looked at everything that was wished before. */
  let isIdle = false;
  let isStopped = false;
  let trouble: string | null = null;
  const lines = [...(carried?.story ?? [])];

  setHandler(migrationItemQuery, () => ({ state, next: isIdle ? (now?.until ?? null) : null }), {
    description: 'Where it is, and until when it waits',
  });
  setHandler(whyQuery, () => (lines.length === 0 ? 'starting' : lines.join('\n')), { description: 'The story so far' });
  setHandler(migrationItemNewsSignal, () => wake(), { description: 'Something has changed: look' });
  setHandler(
    migrationAbortedSignal,
    () => {
      isWithdrawn = true;
      wake();
    },
    { description: 'The migration is aborted' },
  );
  setHandler(
    rollBackItemUpdate,
    async () => {
      isWithdrawn = true;
      wake();
      await condition(() => isIdle || isOver());
      if (now?.isPastReturn === true) throw pastReturn();
      return { state };
    },
    {
      description: 'Leads the customer back, before the point of no return',
      validator: () => {
        if (now?.isPastReturn === true) throw pastReturn();
        if (isOver()) throw over(state);
      },
    },
  );
  setHandler(
    remindItemUpdate,
    async () => {
      await condition(() => now !== null);
      remindTo = (now?.remindersSent ?? 0) + 1;
      wake();
      await condition(() => isIdle || isOver());
      // Whoever has the page open is not reminded, nor later.
      remindTo = 0;
      return { state };
    },
    {
      description: 'Tells the customer again',
      validator: () => {
        if (isOver()) throw over(state);
      },
    },
  );

  return {
    wishes: () => ({ isWithdrawn, remindTo }),
    isWoken: () => hasNews,
    look(): void {
      hasNews = false;
    },
    /** What one step came to. */
    did(step: AdvancedMigrationItem): void {
      now = step;
      trouble = null;
      isIdle = step.did === 'wait' && !hasNews;
      if (step.did !== 'wait' && step.did !== 'elsewhere') tell(`**${step.state}**, ${step.because}`);
      if (step.state !== state) enter(step.state);
      show();
    },
    /** Nobody can be asked just now. */
    fail(why: string): void {
      trouble = `${new Date().toISOString()} cannot go on: ${why}`;
      show();
    },
    stop(ended: MigrationItemState, why: string): void {
      tell(`**${ended}**, ${why}`);
      enter(ended);
      isStopped = true;
      show();
    },
    carried: (more: Pick<MigrateCustomerCarried, 'asks' | 'hasWaited'>): MigrateCustomerCarried => ({
      ...{ isWithdrawn, remindTo, story: lines.slice(-rememberedLines) },
      ...more,
    }),
  };

  function wake(): void {
    hasNews = true;
    isIdle = false;
  }

  function isOver(): boolean {
    return isStopped || now?.isOver === true;
  }

  function enter(next: MigrationItemState): void {
    state = next;
    upsertSearchAttributes([{ key: searchAttributes.status, value: state }]);
  }

  function tell(line: string): void {
    lines.push(`${new Date().toISOString()} ${line}`);
    lines.splice(0, lines.length - rememberedLines);
  }

  function show(): void {
    const next = now === null || !isIdle ? 'at work' : `${now.because}; until ${now.until ?? 'something is heard'}`;
    setCurrentDetails([`**${state}**: ${next}`, ...(trouble === null ? [] : [trouble]), ...lines].join('\n\n'));
  }
}

function pastReturn(): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    'The old subscription is being cancelled, and nobody can take that back: it only goes forward.',
    'migration_item_past_return',
  );
}

function over(state: MigrationItemState): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`The move has ended: it is ${state}.`, 'migration_item_over');
}
