import type { ErrorPage } from './error-page.ts';

/** Why a stored payment method, or what is charged to it, is refused. */
export const paymentMethodErrors = {
  payment_method_unknown: {
    kind: 'not_found',
    title: 'No such payment method',
    meaning: 'No stored payment method with this id exists for this key.',
    fix: 'List them with `GET /api/v1/billing/payment-methods`; check the mode (test or live) of the key.',
  },
  payment_method_required: {
    kind: 'invalid',
    title: 'Nothing to charge',
    meaning: 'The organization has no default payment method, and the request names none.',
    fix: 'Start a checkout, where the buyer enters one; or store one, and repeat.',
  },
  payment_method_in_use: {
    kind: 'conflict',
    title: 'A subscription is charged to it',
    meaning: 'Without this payment method the next renewal would fail: no other one is the default there.',
    fix: 'Make another one the default first, or end the subscription.',
  },
  payment_method_known: {
    kind: 'conflict',
    title: 'Stored already',
    meaning: 'The provider answered with a payment method that is stored under another id: see `payment_method_id`.',
    fix: 'Use that one.',
  },
  payment_method_busy: {
    kind: 'conflict',
    title: 'Not attached yet',
    meaning: 'The provider has not answered yet whether it takes this payment method.',
    fix: 'Read it again in a few seconds.',
  },
  payment_method_unconfirmed: {
    kind: 'invalid',
    title: 'Never confirmed',
    meaning: 'The bank asked for its customer, who did not confirm in time.',
    fix: 'Let the customer enter it again.',
  },
  payment_declined: {
    kind: 'invalid',
    title: 'The payment was declined',
    meaning: 'The bank or provider said no; `decline_code` tells why. Nothing was charged, begun or changed.',
    fix: 'Ask the customer for another payment method. Repeating it unchanged seldom helps.',
  },
  token_invalid: {
    kind: 'invalid',
    title: 'The token cannot be used',
    meaning: "The provider does not know this token, or it was used or has expired; or it is another provider's.",
    fix: "Make a new one in the browser, with the provider's own script.",
  },
  provider_required: {
    kind: 'invalid',
    title: 'Several providers could take it',
    meaning: 'Nothing tells whose script made the token: `candidates` lists who could take it.',
    fix: 'Send `provider`.',
  },
  provider_refused: {
    kind: 'invalid',
    title: 'The provider refused',
    meaning: 'The provider refused this as it stands; `reason` names why, as far as it said. Nothing was charged.',
    fix: 'Mend what the reason names, or ask the operator.',
  },
  subscription_incomplete: {
    kind: 'conflict',
    title: 'The subscription has not begun',
    meaning:
      'It waits for its customer or its provider: it cannot be changed yet, and a second one to the same plan might charge twice.',
    fix: 'Have the customer finish it (`next_action`), wait until it lapses, or cancel it first: `subscription_id` names it.',
  },
} as const satisfies Record<string, ErrorPage>;
