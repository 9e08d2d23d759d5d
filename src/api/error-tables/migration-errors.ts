import type { ErrorPage } from './error-page.ts';

/** Codes of migrations off a provider. */
export const migrationErrors = {
  migration_not_found: {
    kind: 'not_found',
    title: 'No such migration',
    meaning: 'No migration with this id exists in the project and mode of the key.',
    fix: 'List them with `GET /api/v1/ops/migrations`.',
  },
  migration_item_not_found: {
    kind: 'not_found',
    title: 'No such item',
    meaning: 'The migration has no item with this id.',
    fix: 'List them with `GET /api/v1/ops/migrations/{id}/items`.',
  },
  migration_running: {
    kind: 'conflict',
    title: 'Another migration is at work',
    meaning: 'One migration at a time leads a provider’s customers away. `migration_id` names the one that is open.',
    fix: 'Wait for its end, or abort it. A dry run may be made meanwhile.',
  },
  migration_over: {
    kind: 'conflict',
    title: 'The migration has ended',
    meaning:
      'Only a migration that is not over can be paused, resumed or aborted; a dry run is over once it is planned.',
    fix: 'Start another one: who has moved is not moved again.',
  },
  migration_csv_invalid: {
    kind: 'invalid',
    title: 'The CSV cannot be read',
    meaning: 'It has no column `subscription_id`, a quote that is not closed, or a line without a subscription.',
    fix: 'Mend the line that is named. The first line names the columns; cells are separated by commas.',
  },
  migration_item_not_told: {
    kind: 'conflict',
    title: 'Its customer has not been told yet',
    meaning: 'Nothing has been done for this item, so there is nothing to remind of or to lead back from.',
    fix: 'Pause or abort the migration, or wait until the item is `notified`.',
  },
  migration_item_past_return: {
    kind: 'conflict',
    title: 'The item is past the point of no return',
    meaning: 'The old provider has been, or is being, asked to cancel, and there is no way to take that back there.',
    fix: 'Let it go forward; a review is opened where a person must decide.',
  },
  migration_item_over: {
    kind: 'conflict',
    title: 'The item is at its end',
    meaning: 'It is excluded, has stayed, left, been led back, or waits for a person.',
    fix: 'Read `why` of the item. Another migration can move a customer who stayed.',
  },
} as const satisfies Record<string, ErrorPage>;
