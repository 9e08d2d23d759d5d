import { Pool } from 'pg';
import { ProviderEventEntity, type ProviderEvent } from '../entities/records.ts';
import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

/** What a verified message says, as far as it is stored. */
export interface EventFact {
  readonly eventId: string;
  readonly type: string;
  readonly objectKind: string;
  readonly objectId: string;
  readonly checkoutId: string | null;
  readonly related: readonly { readonly kind: string; readonly id: string }[];
  /** Whether a workflow must hear of it. */
  readonly isDecisive: boolean;
}

export interface StoreEventInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly fact: EventFact;
  /** Encrypted; null: not kept. */
  readonly body: Buffer | null;
}

/** Where verified webhooks are put, on a few connections of its own so that slow reads never hold them up. */
export interface EventInbox {
  /** @returns false when this event is there already. */
  store(input: StoreEventInput): Promise<boolean>;
  /** Wakes the relay, once for all that was stored within 5 ms. Never throws: the relay also looks by itself. */
  wake(): void;
  close(): Promise<void>;
}

const insertEvent = {
  name: 'insert_provider_event',
  text: `insert into provider_events
    (id, project_id, live, provider, event_id, type, object_kind, object_id, checkout_id, related, status, body, settled_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, case when $11 = 'noted' then now() end)
    on conflict (project_id, provider, event_id) do nothing`,
};

/** Opens the inbox; `close()` it. One prepared statement per webhook. */
export function openEventInbox(databaseUrl: string, options: { readonly poolSize?: number } = {}): EventInbox {
  const pool = new Pool({ connectionString: databaseUrl, max: options.poolSize ?? 8, connectionTimeoutMillis: 4_000 });
  // An idle connection that breaks is replaced at the next use.
  pool.on('error', () => {});
  let timer: NodeJS.Timeout | null = null;
  return {
    async store({ projectId, live, provider, fact, body }) {
      const status = fact.isDecisive ? 'received' : 'noted';
      const related = JSON.stringify(fact.related);
      const about = [fact.eventId, fact.type, fact.objectKind, fact.objectId, fact.checkoutId, related];
      const values = [newId('evt'), projectId, live, provider, ...about, status, body];
      return (await pool.query({ ...insertEvent, values })).rowCount === 1;
    },
    wake() {
      timer ??= setTimeout(() => {
        timer = null;
        pool.query("select pg_notify('provider_events', '')").catch(() => {});
      }, 5);
    },
    async close() {
      if (timer) clearTimeout(timer);
      await pool.end();
    },
  };
}

export async function findProviderEvent(em: Db, scope: Scope, id: string): Promise<ProviderEvent | null> {
  return em.findOne(ProviderEventEntity, { projectId: scope.projectId, live: scope.live, id });
}

/** Newest first, one more than `limit`. */
export async function listProviderEvents(
  em: Db,
  scope: Scope,
  input: {
    readonly provider?: string;
    readonly status?: ProviderEvent['status'];
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly ProviderEvent[]> {
  return em.find(
    ProviderEventEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...(input.provider !== undefined && { provider: input.provider }),
      ...(input.status !== undefined && { status: input.status }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}

/** Puts an event back before the relay, whatever became of it; audited. Harmless to repeat. */
export async function replayProviderEvent(em: Db, event: ProviderEvent, actor: string): Promise<ProviderEvent> {
  const before = event.status;
  return em.transactional(async (tx) => {
    tx.assign(event, {
      status: 'received',
      attempts: 0,
      nextAttemptAt: new Date(),
      claimedUntil: null,
      lastError: null,
      settledAt: null,
    });
    recordAudit(tx, {
      projectId: event.projectId,
      live: event.live,
      actor,
      action: 'webhook_event.replayed',
      entityKind: 'webhook_event',
      entityId: event.id,
      before: { status: before },
      after: { status: 'received' },
    });
    return event;
  });
}
