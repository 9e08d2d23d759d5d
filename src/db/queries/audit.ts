import type { Db } from '../orm.ts';
import { AuditEntryEntity } from '../entities/records.ts';
import { newId } from '../new-id.ts';

export interface AuditInput {
  readonly projectId: string;
  readonly live: boolean;
  /** Who: `key_…`, `session:…`, `checkout/<id>` (a workflow), `provider:<id>`. */
  readonly actor: string;
  /** Dotted, past tense: `checkout.opened`. */
  readonly action: string;
  readonly entityKind: string;
  readonly entityId: string;
  /** One readable sentence; never secrets or personal data. */
  readonly detail?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The row of an entry, for whoever writes it together with something else. */
export function auditEntry(input: AuditInput) {
  return {
    id: newId('aud'),
    at: new Date(),
    actor: input.actor,
    action: input.action,
    entityKind: input.entityKind,
    entityId: input.entityId,
    detail: input.detail ?? null,
    before: input.before ?? null,
    after: input.after ?? null,
    projectId: input.projectId,
    live: input.live,
  };
}

/** Adds an entry to the append-only log, inside the caller's transaction: it is written when `em` is flushed. */
export function recordAudit(em: Db, input: AuditInput): void {
  em.create(AuditEntryEntity, auditEntry(input), { persist: true });
}
