import {
  ReconciliationDifferenceEntity,
  ReconciliationLookEntity,
  type ReconciliationLook,
  type ReconciliationRun,
} from '../entities/reconciliation.ts';
import { differenceKey, type Difference } from '../../domain/reconciliation/difference.ts';
import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';

type Key = Pick<ReconciliationLook, 'subjectKind' | 'subjectId'>;

/** What the run has looked at of these. */
export async function findLooks(
  em: Db,
  runId: string,
  subjectIds: readonly string[],
): Promise<readonly ReconciliationLook[]> {
  return subjectIds.length === 0
    ? []
    : em.find(ReconciliationLookEntity, { runId, subjectId: { $in: [...new Set(subjectIds)] } });
}

/** What seemed different and is due to be looked at again. */
export async function listDueLooks(
  em: Db,
  runId: string,
  due: { readonly at: Date; readonly limit: number },
): Promise<readonly ReconciliationLook[]> {
  return em.find(
    ReconciliationLookEntity,
    { runId, verdict: 'suspected', lookAgainAt: { $lte: due.at } },
    { orderBy: { lookAgainAt: 'asc', subjectKind: 'asc', subjectId: 'asc' }, limit: due.limit },
  );
}

/** When something is due to be looked at again; null: nothing is. */
export async function nextLookAt(em: Db, runId: string): Promise<Date | null> {
  const [first] = await em.find(
    ReconciliationLookEntity,
    { runId, verdict: 'suspected' },
    { orderBy: { lookAgainAt: 'asc' }, limit: 1 },
  );
  return first?.lookAgainAt ?? null;
}

export async function putLooks(
  tx: Db,
  run: ReconciliationRun,
  looks: readonly (Key & Pick<ReconciliationLook, 'named' | 'verdict' | 'suspected' | 'lookAgainAt'>)[],
): Promise<void> {
  if (looks.length === 0) return;
  const { id: runId, projectId, live } = run;
  await tx.upsertMany(
    ReconciliationLookEntity,
    looks.map((look) => ({ ...look, runId, projectId, live, createdAt: new Date(), updatedAt: new Date() })),
    { onConflictExcludeFields: ['createdAt'] },
  );
}

/** Once per run, kind and object, however often it is found. @returns how many were new. */
export async function putDifferences(
  tx: Db,
  run: ReconciliationRun,
  differences: readonly Difference[],
): Promise<number> {
  const { id: runId, projectId, live, provider } = run;
  const known = await tx.find(ReconciliationDifferenceEntity, {
    ...{ runId, objectId: { $in: differences.map(({ objectId }) => objectId) } },
  });
  const seen = new Set(known.map(differenceKey));
  for (const difference of differences) {
    if (seen.has(differenceKey(difference))) continue;
    seen.add(differenceKey(difference));
    tx.create(
      ReconciliationDifferenceEntity,
      {
        ...{ ...difference, id: newId('dif'), runId, projectId, live, provider },
        ...{ status: 'found', reviewId: null, why: null },
      },
      { persist: true },
    );
  }
  return seen.size - known.length;
}

/** The looks that told of any of these differences. */
export async function findToldLooks(
  em: Db,
  runId: string,
  keys: readonly string[],
): Promise<readonly ReconciliationLook[]> {
  if (keys.length === 0) return [];
  const rows = await em.execute<Key[]>(
    `select subject_kind as "subjectKind", subject_id as "subjectId" from reconciliation_looks
     where run_id = ? and verdict = 'told' and (${keys.map(() => 'suspected @> ?::jsonb').join(' or ')})`,
    [runId, ...keys.map((key) => JSON.stringify([key]))],
  );
  if (rows.length === 0) return [];
  return em.find(ReconciliationLookEntity, { runId, $or: rows.map((row) => ({ ...row })) });
}

/** Once a run is over: what it looked at is forgotten, but for what bears no sign of us, which can be asked for. */
export async function forgetLooks(tx: Db, runId: string): Promise<void> {
  await tx.nativeDelete(ReconciliationLookEntity, { runId, verdict: { $ne: 'foreign' } });
}
