import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { owned } from './owned.ts';

/** The webhook inbox: verified messages, each once, until the right workflow has heard of them. */
export const ProviderEventEntity = defineEntity({
  name: 'ProviderEvent',
  tableName: 'provider_events',
  properties: {
    id: p.text().primary(),
    provider: p.text(),
    eventId: p.text(),
    type: p.text(),
    objectKind: p.text(),
    objectId: p.text(),
    checkoutId: p.text().strictNullable(),
    related: p.json().$type<{ kind: string; id: string }[]>(),
    /** `received` waits for the relay; the others are final until an operator replays. */
    status: p.text().$type<'received' | 'noted' | 'delivered' | 'ignored' | 'set_aside'>(),
    attempts: p.integer(),
    nextAttemptAt: p.datetime(),
    claimedUntil: p.datetime().strictNullable(),
    deliveredTo: p.text().strictNullable(),
    lastError: p.text().strictNullable(),
    body: p.blob().strictNullable().lazy(),
    settledAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type ProviderEvent = InferEntity<typeof ProviderEventEntity>;

export const IdempotencyRecordEntity = defineEntity({
  name: 'IdempotencyRecord',
  tableName: 'idempotency_records',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    /** The API key that sent it: two keys' idempotency keys never meet. */
    owner: p.text().primary(),
    key: p.text().primary(),
    requestHash: p.text(),
    resourceId: p.text(),
    lockedUntil: p.datetime().strictNullable(),
    responseStatus: p.integer().strictNullable(),
    responseBody: p.json().strictNullable(),
    expiresAt: p.datetime(),
  },
});

/** Append-only, by trigger. */
export const AuditEntryEntity = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_log',
  properties: {
    id: p.text().primary(),
    at: p.datetime().primary(),
    actor: p.text(),
    action: p.text(),
    entityKind: p.text(),
    entityId: p.text(),
    detail: p.text().strictNullable(),
    before: p.json().strictNullable(),
    after: p.json().strictNullable(),
    projectId: p.text(),
    live: p.boolean(),
  },
});
export type AuditEntry = InferEntity<typeof AuditEntryEntity>;
