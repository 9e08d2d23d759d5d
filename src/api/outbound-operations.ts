import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import { listQuery } from './schemas/ops.ts';
import {
  createEndpointBody,
  delivery,
  event,
  eventDetail,
  listDeliveriesQuery,
  listEventsQuery,
  newWebhookEndpoint,
  patchEndpointBody,
  recoverBody,
  recovery,
  replayBody,
  rotatedWebhookEndpoint,
  rotateSecretBody,
  testEndpointBody,
  webhookEndpoint,
} from './schemas/outbound.ts';

const tag = 'Events';
const endpoints = '/ops/webhook-endpoints';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const queued = (schema: z.ZodType) => ({ '202': { description: 'Queued: the relay sends it at once.', schema } });
const missing = 'webhook_endpoint_not_found';

/** The routes of what apps are told. What they are sent stands under `webhooks`. */
export const outboundOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: endpoints, tag, summary: 'List webhook endpoints', query: listQuery },
    answers: ok(pageOf(webhookEndpoint)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'post', path: endpoints, tag, summary: 'Add a webhook endpoint', body: createEndpointBody },
    answers: { '201': { description: 'Added. The secret is shown this once.', schema: newWebhookEndpoint } },
    refusals: ['encryption_not_configured', 'too_many_webhook_endpoints'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: `${endpoints}/{id}`, tag, summary: 'Read a webhook endpoint' },
    answers: ok(webhookEndpoint),
    refusals: [missing],
  },
  {
    method: 'patch',
    path: `${endpoints}/{id}`,
    tag,
    summary: 'Change, disable or enable a webhook endpoint; disabling cancels what waits for it',
    body: patchEndpointBody,
    answers: ok(webhookEndpoint),
    refusals: [missing],
    isIdempotent: true,
  },
  {
    ...{ method: 'delete', path: `${endpoints}/{id}`, tag, summary: 'Delete a webhook endpoint' },
    answers: { '204': { description: 'Deleted.', schema: z.undefined() } },
    refusals: [missing],
    isIdempotent: true,
  },
  {
    method: 'post',
    path: `${endpoints}/{id}/rotate-secret`,
    tag,
    summary: 'Make a new secret; the one before signs beside it for a while',
    body: rotateSecretBody,
    answers: ok(rotatedWebhookEndpoint),
    refusals: [missing, 'encryption_not_configured'],
    isIdempotent: true,
  },
  {
    method: 'post',
    path: `${endpoints}/{id}/test`,
    tag,
    summary: 'Send a `webhook_endpoint.test` event',
    body: testEndpointBody,
    answers: queued(eventDetail),
    refusals: [missing, 'webhook_endpoint_disabled'],
    isIdempotent: true,
  },
  {
    method: 'post',
    path: `${endpoints}/{id}/recover`,
    tag,
    summary: 'Send everything since an instant that the endpoint has not taken',
    body: recoverBody,
    answers: queued(recovery),
    refusals: [missing, 'webhook_endpoint_disabled'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: `${endpoints}/{id}/deliveries`, tag, summary: "List an endpoint's deliveries" },
    query: listDeliveriesQuery,
    answers: ok(pageOf(delivery)),
    refusals: [missing, 'cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/ops/events', tag, summary: 'List events told', query: listEventsQuery },
    answers: ok(pageOf(event)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/ops/events/{id}', tag, summary: 'Read an event and its deliveries' },
    answers: ok(eventDetail),
    refusals: ['event_not_found'],
  },
  {
    ...{ method: 'post', path: '/ops/events/{id}/replay', tag, summary: 'Send an event again', body: replayBody },
    answers: queued(eventDetail),
    refusals: ['event_not_found', missing, 'webhook_endpoint_disabled'],
    isIdempotent: true,
  },
];
