import type { ErrorPage } from './error-page.ts';

/** Codes of comparisons with the providers' accounts. */
export const reconciliationErrors = {
  reconciliation_not_found: {
    kind: 'not_found',
    title: 'No such reconciliation',
    meaning: 'No run with this id exists in the project and mode of the key.',
    fix: 'List them with `GET /api/v1/ops/reconciliations`.',
  },
  reconciliation_running: {
    kind: 'conflict',
    title: 'One is running already',
    meaning: 'One run at a time compares an account. `reconciliation_id` names the one that is open.',
    fix: 'Wait for its end, or cancel it.',
  },
  reconciliation_over: {
    kind: 'conflict',
    title: 'The reconciliation has ended',
    meaning: 'Only a run that is not over can be paused, resumed or canceled.',
    fix: 'Start another one.',
  },
  reconciliation_window_invalid: {
    kind: 'invalid',
    title: 'The window cannot be compared',
    meaning: 'It ends before it begins, lies in the future, or reaches further back than the provider can tell.',
    fix: 'Mend the field that is named; without both, the run goes on from the last good one.',
  },
} as const satisfies Record<string, ErrorPage>;
