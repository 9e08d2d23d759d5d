import type { ErrorPage } from './error-page.ts';

/** What stands against paying money back. */
export const refundErrors = {
  refund_not_found: {
    kind: 'not_found',
    title: 'No such refund',
    meaning: 'No refund with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  dispute_not_found: {
    kind: 'not_found',
    title: 'No such dispute',
    meaning: 'No dispute with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  order_not_found: {
    kind: 'not_found',
    title: 'No such order',
    meaning: 'No order with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  refund_exceeds_payment: {
    kind: 'conflict',
    title: 'More than what is left of the payment',
    meaning: 'What was captured, less what went back and what is on its way back, is less than this amount.',
    fix: 'Ask for at most `refundable_minor`, or leave `amount_minor` out for all that is left.',
  },
  refund_in_progress: {
    kind: 'conflict',
    title: 'Another refund of this payment is being made',
    meaning: 'The provider has not answered it yet: `refund_id` names it. One is made at a time.',
    fix: 'Read that refund until it is no longer `unknown`, then ask again.',
  },
  payment_not_refundable: {
    kind: 'conflict',
    title: 'The payment cannot be paid back',
    meaning: 'Nothing was captured for it, or the provider does not pay it back as it stands (it may be disputed).',
    fix: 'Read the checkout or invoice; a disputed payment is settled by its dispute.',
  },
  refund_amount_not_exact: {
    kind: 'invalid',
    title: 'The provider cannot hit this amount',
    meaning: 'It works out the share of tax itself, in whole minor units: some sums cannot be reached.',
    fix: 'Ask for `nearest_minor`.',
  },
  refund_state_differs: {
    kind: 'conflict',
    title: 'The provider has paid back another sum',
    meaning: 'Somebody has refunded this payment at the provider itself. Nothing was sent; our rows have caught up.',
    fix: 'List the refunds, and ask again for what is left.',
  },
} as const satisfies Record<string, ErrorPage>;
