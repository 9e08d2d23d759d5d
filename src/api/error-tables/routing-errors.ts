import type { ErrorPage } from './error-page.ts';

/** What the routes of routing policies and blocked countries refuse with. */
export const routingErrors = {
  routing_policy_not_found: {
    kind: 'not_found',
    title: 'No such routing policy',
    meaning: 'Neither ships a policy of this name, nor has the project one in this mode; or it has no such version.',
    fix: 'List them with `GET /api/v1/ops/routing/policies`. Test and live have their own.',
  },
  routing_policy_invalid: {
    kind: 'invalid',
    title: 'The routing policy is wrong',
    meaning:
      'A rule names an unknown provider, is never reached, or can never hold; `errors` points at each and says what mends it.',
    fix: 'Mend the rules that are pointed at. `?dry_run=true` shows the same without changing anything.',
  },
  routing_policy_inactive: {
    kind: 'unavailable',
    title: 'The project’s routing policy is not active',
    meaning: 'The project’s setting `routing_policy` names a policy that has no active version in this mode.',
    fix: 'The operator activates a version of it, or sets `routing_policy` to one that ships.',
  },
  blocked_country_not_found: {
    kind: 'not_found',
    title: 'The project says nothing of this country',
    meaning: 'There is no entry of the project’s own to take away; what ships holds.',
    fix: 'List what is in force with `GET /api/v1/ops/blocked-countries`.',
  },
} as const satisfies Record<string, ErrorPage>;
