import type { ErrorPage } from './error-page.ts';

/** What is not there, or cannot be done to it. */
export const billingErrors = {
  not_supported_by_provider: {
    kind: 'invalid',
    title: 'The provider cannot do this',
    meaning: 'The provider that serves this object has no such ability; `/ops/providers` lists what each can do.',
    fix: 'Do it at the provider itself, or do without.',
  },
  organization_not_found: {
    kind: 'not_found',
    title: 'No such organization',
    meaning: 'The organization does not exist here, or the session or token belongs to another one.',
    fix: 'Use the organization of the session or token, or a secret key.',
  },
  checkout_not_found: {
    kind: 'not_found',
    title: 'No such checkout',
    meaning: 'No checkout with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  subscription_not_found: {
    kind: 'not_found',
    title: 'No such subscription',
    meaning: 'No subscription with this id, or none that entitles this organization.',
    fix: 'Check the id; an organization without a subscription answers this too.',
  },
  plan_not_found: {
    kind: 'not_found',
    title: 'No such plan',
    meaning: 'No plan with this id or key is on sale in this project.',
    fix: 'List the plans with `GET /api/v1/billing/plans`.',
  },
  invoice_not_found: {
    kind: 'not_found',
    title: 'No such invoice',
    meaning: 'No invoice with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  organization_required: {
    kind: 'invalid',
    title: 'No organization is named',
    meaning: 'Neither the body nor the session or token says which organization this is for.',
    fix: 'Send `organization_id`.',
  },
} as const satisfies Record<string, ErrorPage>;
