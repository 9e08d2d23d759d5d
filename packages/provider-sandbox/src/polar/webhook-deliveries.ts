import { createHash } from 'node:crypto';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { Attempt, Delivery } from '../webhooks/deliveries.ts';
import type { PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage, oneOf } from './listing.ts';

/** A stable UUID for one attempt, which the sandbox numbers within its delivery. */
function attemptId(delivery: Delivery, number: number): string {
  const hash = createHash('sha256').update(`${delivery.id}:${number}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

const isSuccess = ({ status }: Attempt): boolean => status !== null && status >= 200 && status < 300;

interface ShownDelivery {
  created_at: string;
  endpointUrl: string;
  shown: Record<string, unknown>;
}

function attemptsOf(polar: PolarContext, delivery: Delivery): ShownDelivery[] {
  const event = polar.webhookEvents.get(delivery.event_id);
  const last = delivery.attempts.at(-1);
  return delivery.attempts.map((attempt, at) => ({
    created_at: attempt.at,
    endpointUrl: delivery.url,
    shown: {
      id: attemptId(delivery, at),
      created_at: attempt.at,
      modified_at: null,
      succeeded: isSuccess(attempt),
      http_code: attempt.status,
      response: attempt.answer ?? attempt.error,
      webhook_event: {
        id: delivery.event_id,
        created_at: event?.created_at ?? delivery.created_at,
        modified_at: null,
        last_http_code: last?.status ?? null,
        succeeded: delivery.status === 'pending' ? null : delivery.status === 'delivered',
        skipped: delivery.status === 'lost',
        payload: delivery.body,
        type: delivery.event_type,
        is_archived: false,
      },
    },
  }));
}

function isWanted(
  polar: PolarContext,
  request: ApiRequest,
  { shown, created_at, endpointUrl }: ShownDelivery,
): boolean {
  const from = request.query.get('start_timestamp');
  const to = request.query.get('end_timestamp');
  const event = shown['webhook_event'] as Record<string, unknown>;
  const endpoints = request.query.getAll('endpoint_id');
  const code = shown['http_code'];
  return (
    (endpoints.length === 0 || endpoints.some((id) => polar.endpoints.get(id)?.url === endpointUrl)) &&
    oneOf(request, 'succeeded', shown['succeeded']) &&
    oneOf(request, 'event_type', event['type']) &&
    oneOf(request, 'http_code_class', typeof code === 'number' ? `${Math.floor(code / 100)}xx` : null) &&
    String(event['payload']).includes(request.query.get('query') ?? '') &&
    (from === null || Date.parse(created_at) >= Date.parse(from)) &&
    (to === null || Date.parse(created_at) <= Date.parse(to))
  );
}

export function webhookDeliveryRoutes(polar: PolarContext): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/webhooks/deliveries',
      operations: ['webhooks.deliveries'],
      handle(request) {
        const attempts = polar.sandbox.deliveries
          .list({ provider: 'polar' })
          .flatMap((delivery) => attemptsOf(polar, delivery))
          .sort((left, right) => right.created_at.localeCompare(left.created_at));
        return {
          status: 200,
          body: listPage(
            request,
            attempts,
            (doc) => isWanted(polar, request, doc),
            (doc) => doc.shown,
          ),
        };
      },
    },
    {
      method: 'post',
      path: '/v1/webhooks/events/:id/redeliver',
      operations: ['webhooks.redeliver'],
      handle(request) {
        const event = polar.webhookEvents.get(request.params['id'] ?? '');
        if (!event) throw notFound();
        // The same id and the same bytes: receivers recognize it.
        polar.sandbox.deliveries.enqueue({ provider: 'polar', id: event.id, type: event.type, body: event.payload });
        return { status: 202, body: {} };
      },
    },
  ];
}
