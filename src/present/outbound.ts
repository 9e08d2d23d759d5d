import type { z } from 'zod';
import type { DeliveryAnswer, EventAnswer, WebhookEndpointAnswer, eventDetail } from '../api/schemas/outbound.ts';
import type { OutboundDelivery, OutboundEndpoint, OutboundEvent } from '../db/entities/outbound.ts';
import { envelopeOf } from '../domain/outbound/envelope.ts';
import { isoOrNull } from './values.ts';

/** Without its secrets. */
export function presentWebhookEndpoint(row: Omit<OutboundEndpoint, 'secrets'>): WebhookEndpointAnswer {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    event_types: [...row.eventTypes],
    enabled: row.status === 'enabled',
    disabled_reason: row.disabledReason,
    failing_since: isoOrNull(row.failingSince),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** For the audit log. A URL's query is where some receivers keep a token. */
export function auditedEndpoint(row: Omit<OutboundEndpoint, 'secrets'>) {
  const url = new URL(row.url);
  return {
    url: `${url.origin}${url.pathname}`,
    description: row.description,
    event_types: [...row.eventTypes],
    enabled: row.status === 'enabled',
    disabled_reason: row.disabledReason,
  };
}

export function presentDelivery(row: OutboundDelivery): DeliveryAnswer {
  return {
    event_id: row.eventId,
    endpoint_id: row.endpointId,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === 'waiting' ? row.nextAttemptAt.toISOString() : null,
    response_status: row.responseStatus,
    why: row.lastError,
    delivered_at: isoOrNull(row.deliveredAt),
    created_at: row.createdAt.toISOString(),
  };
}

export function presentEvent(row: OutboundEvent): EventAnswer {
  return { ...envelopeOf(row), object_kind: row.objectKind, object_id: row.objectId };
}

export function presentEventDetail(
  row: OutboundEvent,
  deliveries: readonly OutboundDelivery[],
): z.output<typeof eventDetail> {
  return { ...presentEvent(row), deliveries: deliveries.map(presentDelivery) };
}
