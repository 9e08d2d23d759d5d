import type { z } from 'zod';
import type { AuditEntry, ProviderEvent } from '../db/entities/records.ts';
import type { listFallbacks } from '../db/queries/checkouts.ts';
import type { SubscriptionAbilities } from '../domain/routing/abilities.ts';
import type { HealthView } from '../health/provider-health.ts';
import type { ProviderDirectory } from '../providers/port.ts';
import type { auditEntry, fallbackRecord, provider, WebhookEventAnswer } from '../api/schemas/ops.ts';
import { presentHealth } from './provider-health.ts';
import { isoOrNull } from './values.ts';

/** Without the body: it holds personal data. */
export function presentWebhookEvent(row: ProviderEvent): WebhookEventAnswer {
  return {
    id: row.id,
    provider: row.provider,
    event_id: row.eventId,
    type: row.type,
    object_kind: row.objectKind,
    object_id: row.objectId,
    checkout_id: row.checkoutId,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === 'received' ? isoOrNull(row.nextAttemptAt) : null,
    delivered_to: row.deliveredTo,
    why: row.lastError,
    received_at: row.createdAt.toISOString(),
    settled_at: isoOrNull(row.settledAt),
  };
}

export function presentFallback(
  row: Awaited<ReturnType<typeof listFallbacks>>[number],
): z.output<typeof fallbackRecord> {
  return {
    id: row.id,
    checkout_id: row.checkoutId,
    subscription_id: row.subscriptionId,
    attempted_provider: row.attemptedProvider,
    fallback_provider: row.fallbackProvider,
    reason: row.reason,
    provider_code: row.providerCode,
    timestamp: row.createdAt.toISOString(),
  };
}

export function presentAuditEntry(row: AuditEntry): z.output<typeof auditEntry> {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: row.actor,
    action: row.action,
    entity_kind: row.entityKind,
    entity_id: row.entityId,
    detail: row.detail,
    before: row.before ?? null,
    after: row.after ?? null,
  };
}

export function presentProvider(
  providers: ProviderDirectory,
  configured: ReadonlySet<string>,
  id: string,
  health: HealthView,
): z.output<typeof provider> {
  const abilities = providers.abilities(id);
  return {
    id,
    configured: configured.has(id),
    merchant_of_record: abilities?.merchantOfRecord ?? false,
    modes: [...(abilities?.modes ?? [])],
    payment_methods: [...new Set(abilities?.paymentMethods.map((entry) => entry.method) ?? [])],
    requires: [...(abilities?.requires ?? [])],
    operations: [...providers.operations(id)],
    subscriptions: presentSubscriptionAbilities(abilities?.subscriptions ?? null),
    credentials: Object.entries(providers.credentials(id)).map(([key, field]) => ({
      key,
      description: field.description,
      secret: field.isSecret,
      required: field.isRequired,
    })),
    retains: [...(abilities?.retains ?? [])],
    health: configured.has(id) ? presentHealth(health) : null,
  };
}

function presentSubscriptionAbilities(
  abilities: SubscriptionAbilities | null,
): z.output<typeof provider>['subscriptions'] {
  if (abilities === null) return null;
  return {
    cancel: [...abilities.cancel],
    undo_cancel: abilities.undoCancel,
    pause: [...abilities.pause],
    pause_until: abilities.pauseUntil,
    change_plan: [...abilities.change.plan],
    change_interval: [...abilities.change.interval],
    change_quantity: [...abilities.change.quantity],
    proration: [...abilities.proration],
    preview: abilities.preview,
    move_trial_end: abilities.moveTrialEnd,
    renews: abilities.renews,
  };
}
