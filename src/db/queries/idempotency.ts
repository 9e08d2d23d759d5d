import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';

export interface IdempotencyKey {
  readonly projectId: string;
  readonly live: boolean;
  /** Who sent it: two callers' keys never meet. */
  readonly owner: string;
  readonly key: string;
}

export interface IdempotencyRecord {
  readonly requestHash: string;
  readonly resourceId: string;
  readonly isLocked: boolean;
  readonly response: { readonly status: number; readonly body: unknown } | null;
}

const where = 'project_id = ? and live = ? and owner = ? and key = ?';
const lock = `now() + interval '15 seconds'`;
const keep = `now() + interval '24 hours'`;

/**
 * Claims a key for 15 s; an expired record counts as absent.
 *
 * @returns false when somebody has it.
 */
export async function claimKey(
  em: Db,
  key: IdempotencyKey,
  input: { readonly requestHash: string; readonly resourceId: string },
): Promise<boolean> {
  const rows = await executePrepared(em, {
    sql: `insert into idempotency_records as r (project_id, live, owner, key, request_hash, resource_id, locked_until, expires_at)
     values (?, ?, ?, ?, ?, ?, ${lock}, ${keep})
     on conflict (project_id, live, owner, key) do update set request_hash = excluded.request_hash,
       resource_id = excluded.resource_id, locked_until = excluded.locked_until, expires_at = excluded.expires_at,
       response_status = null, response_body = null, created_at = now(), updated_at = now()
     where r.expires_at < now()
     returning r.key`,
    params: [...partsOf(key), input.requestHash, input.resourceId],
  });
  return rows.length === 1;
}

export async function readKey(em: Db, key: IdempotencyKey): Promise<IdempotencyRecord | null> {
  const [row] = await em.execute<
    {
      request_hash: string;
      resource_id: string;
      is_locked: boolean;
      response_status: number | null;
      response_body: unknown;
    }[]
  >(
    `select request_hash, resource_id, coalesce(locked_until > now(), false) as is_locked, response_status, response_body
     from idempotency_records where ${where}`,
    partsOf(key),
  );
  if (!row) return null;
  return {
    requestHash: row.request_hash,
    resourceId: row.resource_id,
    isLocked: row.is_locked,
    response: row.response_status === null ? null : { status: row.response_status, body: row.response_body },
  };
}

/** Takes over from a request that died with the lock. @returns false when another was quicker. */
export async function takeOverKey(em: Db, key: IdempotencyKey): Promise<boolean> {
  const rows = await em.execute(
    `update idempotency_records set locked_until = ${lock}, updated_at = now()
     where ${where} and response_status is null and locked_until < now() returning key`,
    partsOf(key),
  );
  return rows.length === 1;
}

/** Keeps the answer and lets go of the lock. */
export async function storeAnswer(
  em: Db,
  key: IdempotencyKey,
  response: { readonly status: number; readonly body: unknown },
): Promise<void> {
  await executePrepared(em, {
    sql: `update idempotency_records set response_status = ?, response_body = ?::jsonb, locked_until = null,
       updated_at = now() where ${where}`,
    params: [response.status, JSON.stringify(response.body), ...partsOf(key)],
  });
}

/** Frees the key: the request surely did nothing that a repeat could double. */
export async function freeKey(em: Db, key: IdempotencyKey): Promise<void> {
  await em.execute(`delete from idempotency_records where ${where}`, partsOf(key), 'run');
}

function partsOf(key: IdempotencyKey): [string, boolean, string, string] {
  return [key.projectId, key.live, key.owner, key.key];
}
