import type { ErrorPage } from './error-page.ts';

/** What no other provider can mend, and what people are asked about. */
export const fallbackErrors = {
  amount_out_of_range: {
    kind: 'invalid',
    title: 'The amount is below or above what is charged',
    meaning: 'The provider that serves this checkout does not take such a sum.',
    fix: 'Change the quantity, or choose another price.',
  },
  email_invalid: {
    kind: 'invalid',
    title: 'The provider does not take this e-mail address',
    meaning: 'It has the form of an address, but the provider says that nobody can be reached there.',
    fix: 'Correct `email`.',
  },
  review_not_found: {
    kind: 'not_found',
    title: 'No such review',
    meaning: 'No review with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  review_closed: {
    kind: 'conflict',
    title: 'The review is closed',
    meaning: 'Somebody has resolved or dismissed it; `note` and `closed_by` say who and why.',
    fix: 'Nothing to do. What happens again opens a new one.',
  },
} as const satisfies Record<string, ErrorPage>;
