import type { ErrorPage } from './error-page.ts';

/** What the routes of outbound events refuse with. */
export const outboundErrors = {
  webhook_endpoint_not_found: {
    kind: 'not_found',
    title: 'No such webhook endpoint',
    meaning: 'No endpoint with this id is in this project and mode, or it was deleted.',
    fix: 'List them with `GET /api/v1/ops/webhook-endpoints`. Test and live have their own.',
  },
  webhook_endpoint_disabled: {
    kind: 'conflict',
    title: 'The endpoint is disabled',
    meaning: 'Nothing is sent to a disabled endpoint; `disabled_reason` says why it is.',
    fix: 'Enable it first: `PATCH` it with `{ "enabled": true }`.',
  },
  too_many_webhook_endpoints: {
    kind: 'conflict',
    title: 'The project has as many endpoints as it may have',
    meaning: 'Every event is sent to each endpoint; a project has at most 20 in each mode.',
    fix: 'Delete one that is not needed, or have one of them pass events on.',
  },
  event_not_found: {
    kind: 'not_found',
    title: 'No such event',
    meaning: 'No event with this id was told in this project and mode. Events are kept for 90 days.',
    fix: 'List them with `GET /api/v1/ops/events`.',
  },
} as const satisfies Record<string, ErrorPage>;
