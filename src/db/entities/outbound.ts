import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { ToldEventType } from '../../domain/events.ts';
import { owned } from './owned.ts';

/** Where a project hears of events. */
export const OutboundEndpointEntity = defineEntity({
  name: 'OutboundEndpoint',
  tableName: 'outbound_endpoints',
  properties: {
    id: p.text().primary(),
    url: p.text(),
    description: p.text().strictNullable(),
    /** Empty: every type. */
    eventTypes: p.array(),
    /** Sealed JSON list, the newest first; the one before stays valid during a rotation. */
    secrets: p.blob().lazy(),
    status: p.text().$type<'enabled' | 'disabled'>(),
    disabledReason: p.text().strictNullable(),
    /** The first failure since the last success. */
    failingSince: p.datetime().strictNullable(),
    /** Kept for its deliveries' sake: no transaction that tells it something may fail for it being gone. */
    deletedAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type OutboundEndpoint = InferEntity<typeof OutboundEndpointEntity>;

/** Something that happened, as the app is told of it. */
export const OutboundEventEntity = defineEntity({
  name: 'OutboundEvent',
  tableName: 'outbound_events',
  properties: {
    id: p.text().primary(),
    /** In the order of commits' inserts; the database counts. */
    sequence: p.bigint('number').persist(false),
    /** null: a test of an endpoint. */
    organizationId: p.text().strictNullable(),
    type: p.text().$type<ToldEventType>(),
    objectKind: p.text(),
    objectId: p.text(),
    /** The object as the API shows it then. */
    data: p.json().$type<Record<string, unknown>>(),
    occurredAt: p.datetime(),
    ...owned,
  },
});
export type OutboundEvent = InferEntity<typeof OutboundEventEntity>;

/** One event on its way to one endpoint. */
export const OutboundDeliveryEntity = defineEntity({
  name: 'OutboundDelivery',
  tableName: 'outbound_deliveries',
  properties: {
    eventId: p.text().primary(),
    endpointId: p.text().primary(),
    sequence: p.bigint('number'),
    objectId: p.text(),
    status: p.text().$type<'waiting' | 'delivered' | 'failed' | 'canceled'>(),
    attempts: p.integer(),
    nextAttemptAt: p.datetime(),
    claimedUntil: p.datetime().strictNullable(),
    responseStatus: p.integer().strictNullable(),
    lastError: p.text().strictNullable(),
    deliveredAt: p.datetime().strictNullable(),
    createdAt: owned.createdAt,
    updatedAt: owned.updatedAt,
  },
});
export type OutboundDelivery = InferEntity<typeof OutboundDeliveryEntity>;
