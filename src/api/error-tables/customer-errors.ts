import type { ErrorPage } from './error-page.ts';

/** Codes of the portal and of customer data. */
export const customerErrors = {
  customer_not_found: {
    kind: 'not_found',
    title: 'Never a customer',
    meaning: 'The organization has bought nothing here and no provider knows it, so there is nothing to show or erase.',
    fix: 'Check the id and the mode (test or live) of the key; start a checkout first.',
  },
  subscription_live: {
    kind: 'conflict',
    title: 'Subscriptions still run',
    meaning:
      'The data of an organization is erased after its subscriptions have ended, for whoever still pays must be known. `subscription_ids` names them. Nothing was erased.',
    fix: 'Cancel them first, or send `cancel_subscriptions=true`, which ends them now without a refund.',
  },
  customer_erased: {
    kind: 'conflict',
    title: 'The customer was erased meanwhile',
    meaning: 'The export was still gathering when the data of the organization were erased.',
    fix: 'Nothing is left to export.',
  },
  customer_data_too_late: {
    kind: 'unavailable',
    title: 'The job gave up',
    meaning: 'A provider could not be reached for as long as the job waits; `summary` names what is done already.',
    fix: 'Start the job again: it may be repeated, and what is done stays done.',
  },
  portal_link_unknown: {
    kind: 'not_found',
    title: 'The portal link does not work any more',
    meaning: 'Links to the portal page last for an hour, and end when the data of the organization are erased.',
    fix: 'Ask for a new one with `GET /api/v1/billing/customer/portal`.',
  },
  foreign_form: {
    kind: 'forbidden',
    title: 'The form came from another site',
    meaning: 'The browser says that another site sent this form. Nothing was done.',
    fix: 'Use the buttons of the portal page itself.',
  },
  document_none: {
    kind: 'not_found',
    title: 'There is no document',
    meaning: 'The provider gives no document for this invoice.',
    fix: 'Ask the provider, or do without.',
  },
} as const satisfies Record<string, ErrorPage>;
