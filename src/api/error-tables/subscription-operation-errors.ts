import type { ErrorPage } from './error-page.ts';

/** Why something cannot be done to a subscription. */
export const subscriptionOperationErrors = {
  subscription_ended: {
    kind: 'conflict',
    title: 'The subscription has ended',
    meaning: 'It is canceled or expired, and nothing reopens it.',
    fix: 'Start a new subscription.',
  },
  subscription_ending: {
    kind: 'conflict',
    title: 'The subscription is going to end',
    meaning: 'Its end is scheduled: a change or pause would never come.',
    fix: 'Undo the end first with `POST …/resume`.',
  },
  subscription_paused: {
    kind: 'conflict',
    title: 'The subscription is paused',
    meaning: 'A paused subscription is not changed.',
    fix: 'End the pause first with `POST …/resume`.',
  },
  change_pending: {
    kind: 'conflict',
    title: 'Another change waits',
    meaning: 'One change at a time: `pending_change` is not carried out yet.',
    fix: 'Wait for it, or withdraw it with `DELETE …/pending-change`.',
  },
  voucher_issued: {
    kind: 'conflict',
    title: 'The next voucher is out already',
    meaning: 'It was made out at the present price, and a change would not change it.',
    fix: 'Ask again once it is paid.',
  },
  nothing_to_change: {
    kind: 'invalid',
    title: 'Nothing to change',
    meaning: 'The subscription is what is asked for already; `detail` says in what.',
    fix: 'Read the subscription, and ask for what differs.',
  },
  checkout_required: {
    kind: 'invalid',
    title: 'A checkout is needed',
    meaning: 'The subscription is free, so nothing is on file to pay with.',
    fix: 'Sell the plan with `POST /billing/checkout`.',
  },
  payment_not_confirmed: {
    kind: 'invalid',
    title: 'The customer did not confirm the payment',
    meaning: 'The bank wanted to see the customer, who did not come in time; nothing was changed.',
    fix: 'Ask again while the customer is there.',
  },
} as const satisfies Record<string, ErrorPage>;
