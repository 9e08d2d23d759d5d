import { ReconciliationDifferenceEntity, type ReconciliationDifference } from '../db/entities/reconciliation.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { planRepair, reviewKindOf } from '../domain/reconciliation/repair.ts';
import { readRun } from './begin-reconciliation.ts';
import type { ReconciliationRef } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';
import { findSale, findTarget, type Sale } from './find-repair-target.ts';
import { openReview } from './open-review.ts';
import type { Nudge } from './row-workflow.ts';
import type { FindStillDifferent } from './still-different.ts';

/** Each is read at the provider anew. */
const pageSize = 20;

export interface RepairInput extends ReconciliationRef {
  /** How often this run's differences were looked at before. */
  readonly looks: number;
  /** The id of the last one of the page before; null: from the beginning. */
  readonly cursor: string | null;
}

export interface RepairPage {
  readonly cursor: string | null;
  readonly repaired: number;
  readonly queued: number;
  /** What is to be looked at by the workflow it belongs to. */
  readonly nudges: readonly Nudge[];
}

/**
 * One page of what a comparison found and nobody has settled: what agrees by now is `repaired`; what the provider's truth
 * settles is for the workflow it belongs to; about the rest a person is asked, once per cause, with both sides.
 *
 * Safe to repeat: a look at what was settled meanwhile finds it gone from the page.
 */
export function createRepairDifferences(deps: ActivityDeps, findStillDifferent: FindStillDifferent) {
  return async function repairDifferences(input: RepairInput): Promise<RepairPage> {
    const { projectId, live, runId, looks, cursor } = input;
    const run = await readRun(deps, input);
    const rows = await deps.orm.em
      .fork()
      .find(
        ReconciliationDifferenceEntity,
        { projectId, live, runId, status: 'found', ...(cursor !== null && { id: { $gt: cursor } }) },
        { orderBy: { id: 'asc' }, limit: pageSize },
      );
    const page = { repaired: 0, queued: 0, nudges: [] as Nudge[] };
    const still = await findStillDifferent(run, rows);
    for (const row of rows) {
      const done = await repairOne(deps.orm.em.fork(), row, looks, still.has(row.id));
      if (typeof done === 'string') page[done] += 1;
      else page.nudges.push(done);
    }
    return { ...page, cursor: rows.length === pageSize ? (rows.at(-1)?.id ?? null) : null };
  };
}

async function repairOne(
  em: Db,
  found: ReconciliationDifference,
  looks: number,
  isStill: boolean,
): Promise<'repaired' | 'queued' | Nudge> {
  const sale = await findSale(em, found);
  const target = await findTarget(em, found, sale, looks);
  const plan = planRepair({ kind: found.kind, isStill, hasTarget: target !== null, looks });
  return em.transactional(async (tx) => {
    const row = await tx.findOneOrFail(ReconciliationDifferenceEntity, { id: found.id });
    if (plan === 'queue') {
      await ask(tx, row, sale, looks);
      return 'queued';
    }
    if (plan === 'repaired' || target === null) {
      const why = looks === 0 ? 'both sides agreed when looked at again' : `mended: ${row.why ?? 'by its workflow'}`;
      tx.assign(row, { status: 'repaired', why });
      audit(tx, row, why);
      return 'repaired';
    }
    tx.assign(row, { why: `${target.target.kind}/${target.target.id} was asked to read ${row.provider}` });
    const { objectKind: kind, objectId } = row;
    return { ...target, fact: { id: `${row.id}/${looks}`, type: 'reconciliation', kind, objectId } };
  });
}

/** A person decides. The same difference of a later run is the same question. */
async function ask(tx: Db, row: ReconciliationDifference, sale: Sale, looks: number): Promise<void> {
  const { projectId, live, provider, kind, objectKind, objectId, organizationId, entityKind, entityId } = row;
  const review = await openReview(tx, {
    ...{ projectId, live, provider, organizationId, entityKind, entityId, kind: reviewKindOf(kind) },
    cause: `reconciliation/${provider}/${kind}/${objectKind}/${objectId}`,
    summary: `${summaries[kind]} (${objectKind} ${objectId} at ${provider}).`,
    evidence: {
      ...{ difference_id: row.id, run_id: row.runId, kind, object: { kind: objectKind, id: objectId } },
      entity: entityId === null ? null : { kind: entityKind, id: entityId },
      ...{ ours: row.ours, theirs: row.theirs, found_at: row.createdAt.toISOString() },
      ...{ checkout_id: sale.checkoutId, subscription_id: sale.subscriptionId, payment_id: sale.paymentId },
    },
  });
  const tried = looks === 0 ? '' : ` after ${looks} looks`;
  const why = review.status === 'open' ? `a person decides${tried}` : `a person has decided: ${review.status}`;
  tx.assign(row, { status: 'queued', reviewId: review.id, why });
  audit(tx, row, why);
}

function audit(tx: Db, row: ReconciliationDifference, detail: string): void {
  const { projectId, live, runId, id, kind, objectKind, objectId, status } = row;
  recordAudit(tx, {
    ...{ projectId, live, actor: `reconciliation/${runId}`, action: `difference.${status}`, detail },
    ...{ entityKind: 'difference', entityId: id, after: { kind, object_kind: objectKind, object_id: objectId } },
  });
}

const summaries: Readonly<Record<ReconciliationDifference['kind'], string>> = {
  missing_here: 'The provider has something that our rows could not be brought to have: enter or refund it there',
  missing_there: 'The provider does not know what we have: was it deleted there, or never made?',
  amount: 'Our amount and the provider’s differ: which is right?',
  state: 'Our state and the provider’s differ, and reading it again did not settle it',
  period: 'Our period and the provider’s differ, and reading it again did not settle it',
  customer: 'It belongs to another customer at the provider than here: which is right?',
  duplicate_charge: 'A customer was charged twice for one thing: refund one of the charges',
  orphan_charge: 'A charge belongs to nothing of ours: find whose it is, or refund it',
};
