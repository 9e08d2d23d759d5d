import type { ToldEventType } from '../events.ts';

/** What an endpoint is sent, in this order of members. */
export interface EventEnvelope {
  /** Also the header `webhook-id`: the same at every attempt and replay, to tell repetitions by. */
  readonly id: string;
  readonly type: ToldEventType;
  /** ISO 8601: when it happened. When it was sent stands in the header `webhook-timestamp`. */
  readonly timestamp: string;
  readonly project: string;
  readonly live: boolean;
  /** null: a test of the endpoint. */
  readonly organization_id: string | null;
  /** The object as the API showed it then. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ToldEvent {
  readonly id: string;
  readonly type: ToldEventType;
  readonly occurredAt: Date;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export function envelopeOf(event: ToldEvent): EventEnvelope {
  return {
    id: event.id,
    type: event.type,
    timestamp: event.occurredAt.toISOString(),
    project: event.projectId,
    live: event.live,
    organization_id: event.organizationId,
    data: event.data,
  };
}
