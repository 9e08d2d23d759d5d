import type { ErrorPage } from './error-page.ts';

/** Codes of benefits, their grants, and license keys. */
export const benefitErrors = {
  benefit_not_found: {
    kind: 'not_found',
    title: 'No such benefit',
    meaning: 'No benefit with this id exists in this project.',
    fix: 'List them with `GET /api/v1/ops/benefits`.',
  },
  benefit_archived: {
    kind: 'conflict',
    title: 'The benefit is archived',
    meaning: 'Nobody gets an archived benefit, and no plan can bring it.',
    fix: 'Define a new one.',
  },
  grant_not_found: {
    kind: 'not_found',
    title: 'No such grant',
    meaning: 'No grant with this id exists for this benefit and key.',
    fix: 'List an organization’s grants with `GET /api/v1/billing/benefits`.',
  },
  grant_not_direct: {
    kind: 'conflict',
    title: 'The grant follows a purchase',
    meaning: 'It was given by a subscription or an order, and ends with that.',
    fix: 'End the subscription, or take the benefit off its plan.',
  },
  license_key_not_valid: {
    kind: 'not_found',
    title: 'The license key is not valid',
    meaning: 'It is unknown, revoked or expired, or the activation or its conditions are not this key’s.',
    fix: 'Check the key for typing errors, or buy anew.',
  },
  license_usage_exceeded: {
    kind: 'conflict',
    title: 'The license key has no usage left',
    meaning: 'The increment would exceed what the key may be used for. Nothing was counted.',
    fix: 'Use less, or buy more.',
  },
  license_activation_refused: {
    kind: 'conflict',
    title: 'The license key cannot be activated',
    meaning: 'It is active on as many machines as it may be, or it is not valid any more.',
    fix: 'Deactivate it elsewhere first.',
  },
} as const satisfies Record<string, ErrorPage>;
