import {
  MigrationItemEntity,
  MigrationProofEntity,
  type MigrationItem,
  type MigrationProof,
} from '../entities/migration.ts';
import { SubscriptionEntity, type Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

export interface ProofRequest extends Scope {
  readonly id: string;
  readonly migrationId: string;
  readonly actor: string;
}

/**
 * Writes a proof that shall be made, audited, unless one of the migration is being made: then that one is answered.
 *
 * @returns the same id's row as it stands, where it was asked for before.
 */
export async function requestProof(em: Db, request: ProofRequest): Promise<MigrationProof> {
  const { id, projectId, live, migrationId, actor } = request;
  return em.transactional(async (tx) => {
    const written = await tx.execute<{ affectedRows: number }>(
      `insert into migration_proofs (id, project_id, live, migration_id, actor, status, as_of, items_total)
       select ?, ?, ?, ?, ?, 'requested', now(), count(*) from migration_items where migration_id = ?
       on conflict do nothing`,
      [id, projectId, live, migrationId, actor, migrationId],
      'run',
    );
    const own = await tx.findOne(MigrationProofEntity, { id, projectId, live });
    if (own === null)
      return tx.findOneOrFail(MigrationProofEntity, {
        ...{ projectId, live, migrationId, status: { $in: ['requested', 'running'] } },
      });
    if (written.affectedRows > 0)
      recordAudit(tx, {
        ...{ projectId, live, actor, action: 'migration.proof_requested' },
        ...{ entityKind: 'migration', entityId: migrationId, detail: id },
        after: { proof_id: id },
      });
    return own;
  });
}

export function findProof(em: Db, { projectId, live }: Scope, id: string): Promise<MigrationProof | null> {
  return em.findOne(MigrationProofEntity, { id, projectId, live }, { refresh: true, populate: ['report'] });
}

/** The newest, whatever became of it. @param isDone The newest of those that are finished. */
export async function findLatestProof(
  em: Db,
  { projectId, live }: Scope,
  migrationId: string,
  isDone = false,
): Promise<MigrationProof | null> {
  const [row] = await em.find(
    MigrationProofEntity,
    { projectId, live, migrationId, ...(isDone && { status: 'succeeded' as const }) },
    { orderBy: { id: 'desc' }, limit: 1, populate: ['report'] },
  );
  return row ?? null;
}

export interface LineRow {
  readonly itemId: string;
  readonly rank: number;
  /** Canonical JSON. */
  readonly line: string;
}

/** Writes lines and how far the proof is with them, together: repeated, a page is written once. */
export async function putLines(
  em: Db,
  input: { readonly proofId: string; readonly cursor: string; readonly rows: readonly LineRow[] },
): Promise<void> {
  const { proofId, cursor, rows } = input;
  await em.transactional(async (tx) => {
    if (rows.length > 0)
      await tx.execute(
        `insert into migration_proof_lines (proof_id, item_id, rank, line)
         select ?, item_id, rank, line from json_to_recordset(?) as page (item_id text, rank integer, line text)
         on conflict (proof_id, item_id) do update set rank = excluded.rank, line = excluded.line`,
        [proofId, JSON.stringify(rows.map(({ itemId, rank, line }) => ({ item_id: itemId, rank, line })))],
      );
    await tx.execute(
      `update migration_proofs set cursor = ?, version = version + 1, updated_at = now(),
         items_done = (select count(*) from migration_proof_lines where proof_id = ?)
       where id = ? and status = 'running'`,
      [cursor, proofId, proofId],
    );
  });
}

export interface LinePlace {
  readonly rank: number;
  readonly itemId: string;
}

/** In the report's order: what must be looked at first. @param query.upTo Only lines of this rank or worse. */
export async function pageLines(
  em: Db,
  query: {
    readonly proofId: string;
    readonly after: LinePlace | null;
    readonly upTo?: number;
    readonly limit: number;
  },
): Promise<readonly LineRow[]> {
  const { proofId, after, upTo, limit } = query;
  return em.execute<LineRow[]>(
    `select item_id as "itemId", rank, line from migration_proof_lines
     where proof_id = ? and (rank, item_id) > (?, ?) and rank <= ? order by rank, item_id limit ?`,
    [proofId, after?.rank ?? -1, after?.itemId ?? '', upTo ?? 100, limit],
  );
}

/** After which line a later page begins; null: the report is not so long. */
export async function skipLines(em: Db, proofId: string, count: number): Promise<LinePlace | null> {
  const [row] = await em.execute<LinePlace[]>(
    `select item_id as "itemId", rank from migration_proof_lines where proof_id = ?
     order by rank, item_id offset ? limit 1`,
    [proofId, count - 1],
  );
  return row ?? null;
}

/** Every line's text in the report's order, page by page. */
export async function* streamLines(em: () => Db, proofId: string, upTo?: number): AsyncGenerator<string> {
  const limit = 500;
  for (let after: LinePlace | null = null; ;) {
    const rows = await pageLines(em(), { proofId, after, limit, ...(upTo !== undefined && { upTo }) });
    for (const { line } of rows) yield line;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    after = last;
  }
}

/** The new side's subscriptions of these items, ours: those that the items name, and others to the same plan. */
export async function findSubscriptionsOf(
  em: Db,
  { projectId, live }: Scope,
  items: readonly MigrationItem[],
): Promise<readonly Subscription[]> {
  const organizations = items.flatMap(({ organizationId }) => organizationId ?? []);
  if (organizations.length === 0) return [];
  return em.find(SubscriptionEntity, { projectId, live, organizationId: { $in: [...new Set(organizations)] } });
}

/** Other items of the same organizations, with what tells whether they are of the same offer. */
export async function findSiblings(
  em: Db,
  { projectId, live }: Scope,
  migrationId: string,
  items: readonly MigrationItem[],
): Promise<readonly MigrationItem[]> {
  const organizations = items.flatMap(({ organizationId }) => organizationId ?? []);
  if (organizations.length === 0) return [];
  return em.find(MigrationItemEntity, {
    projectId,
    live,
    migrationId,
    organizationId: { $in: [...new Set(organizations)] },
  });
}
